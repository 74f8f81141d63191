import Foundation
import Model
import TestSupport
import Testing

@Suite("GGUF files")
struct GGUFTests {
    private struct Expected: Decodable {
        struct Entry: Decodable { var gguf: String; var values: String; var alignment: Int; var tensors: [Tensor] }
        struct Tensor: Decodable { var name: String; var shape: [Int]; var offset: Int }
        var types: [String: Entry]
    }

    private struct Cases: Decodable {
        struct Case: Decodable { var file: String; var wrong: String }
        var files: [Case]
    }

    @Test(
        "each format is dequantised to the bit",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: BlockFormat.allCases)
    func formats(format: BlockFormat) throws {
        let folder = SharedData.url("golden/quants/valid")
        let expected = try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: folder.appending(path: "expected.json")))
        let entry = try #require(expected.types[format.name])
        let file = try GGUFFile(folder.appending(path: entry.gguf))
        let values = try Data(contentsOf: folder.appending(path: entry.values))
        #expect(file.alignment == entry.alignment)
        #expect(file.tensors.count == entry.tensors.count)
        for tensor in entry.tensors {
            let found = try #require(file.tensor(tensor.name))
            #expect(found.shape == tensor.shape)
            #expect(found.format == format)
            let buffer = FloatBuffer(count: found.count)
            buffer.withUnsafeMutableBufferPointer { file.read(found, into: $0) }
            let wanted = values[(tensor.offset)..<(tensor.offset + 4 * found.count)]
            buffer.withUnsafeBufferPointer { #expect(Data(buffer: $0) == wanted, "\(format.name) \(tensor.name)") }
        }
    }

    @Test("metadata of every type is read", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func metadata() throws {
        let metadata = try GGUFFile(SharedData.url("golden/quants/valid/f32.gguf")).metadata
        #expect(metadata["golden.u8"] == .integer(255))
        #expect(metadata["golden.i8"] == .integer(-128))
        #expect(metadata["golden.u16"] == .integer(65535))
        #expect(metadata["golden.i16"] == .integer(-32768))
        #expect(metadata["golden.u32"] == .integer(4_294_967_295))
        #expect(metadata["golden.i32"] == .integer(-2_147_483_648))
        #expect(metadata["golden.u64"] == .unsigned(.max))
        #expect(metadata["golden.i64"] == .integer(.min))
        #expect(metadata["golden.f32"] == .float(0.15625))
        #expect(metadata["golden.f64"] == .double(1e-300))
        #expect(metadata["golden.bool.true"] == .bool(true))
        #expect(metadata["golden.bool.false"] == .bool(false))
        #expect(metadata["golden.string"] == .string("naïve 模型 🦙\n\t\"quoted\""))
        #expect(metadata["golden.string.empty"] == .string(""))
        #expect(metadata["golden.array.i32"] == .integers([1, -2, 3]))
        #expect(metadata["golden.array.f32"] == .floats([0.5, -0.25]))
        #expect(metadata["golden.array.string"] == .strings(["a", "", "é"]))
        #expect(metadata["golden.array.bool"] == .bools([true, false, true]))
    }

    @Test("damaged files are refused with a typed error", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func malformed() throws {
        let folder = SharedData.url("golden/quants/malformed-gguf")
        let cases = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: folder.appending(path: "cases.json")))
        #expect(cases.files.count == 13)
        for damaged in cases.files {
            #expect(throws: ModelError.self, "\(damaged.file): \(damaged.wrong)") {
                try GGUFFile(folder.appending(path: damaged.file))
            }
        }
        #expect(throws: Never.self) { try GGUFFile(folder.appending(path: "sound.gguf")) }
    }

    @Test("every prefix and every flipped byte of a sound file is read or refused, never a trap")
    func mutations() throws {
        let sound = Self.smallFile()
        let file = FileManager.default.temporaryDirectory.appending(path: "mutated-\(UUID().uuidString).gguf")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(sound).write(to: file)
        #expect(try GGUFFile(file).tensors.map(\.name) == ["a", "b"])
        for length in 0..<sound.count {
            try Data(sound[..<length]).write(to: file)
            #expect(throws: ModelError.self, "the first \(length) bytes") { try GGUFFile(file) }
        }
        for index in sound.indices {
            for byte in [UInt8(0), 0x7F, 0x80, 0xFF] {
                var mutated = sound
                mutated[index] = byte
                try Data(mutated).write(to: file)
                _ = try? GGUFFile(file)  // a trap would end the test run
            }
        }
    }

    @Test("a file that is not there names itself")
    func missing() {
        #expect {
            try GGUFFile(URL(filePath: "/nowhere/model.gguf"))
        } throws: { error in
            "\(error)" == "file '/nowhere/model.gguf': cannot be opened: No such file or directory"
        }
    }

    /// A GGUF file with one key and two F32 tensors of 8 values.
    static func smallFile() -> [UInt8] {
        var bytes = Array("GGUF".utf8)
        func append<Value: FixedWidthInteger>(_ value: Value) {
            withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
        }
        func append(_ text: String) {
            append(UInt64(text.utf8.count))
            bytes += text.utf8
        }
        append(UInt32(3))
        append(UInt64(2))
        append(UInt64(1))
        append("list")
        append(UInt32(9))
        append(UInt32(8))
        append(UInt64(2))
        append("x")
        append("yz")
        for (name, offset) in [("a", UInt64(0)), ("b", 32)] {
            append(name)
            append(UInt32(2))
            append(UInt64(4))
            append(UInt64(2))
            append(UInt32(0))
            append(offset)
        }
        while bytes.count % 32 != 0 { bytes.append(0) }
        bytes += repeatElement(0x3F, count: 64)
        return bytes
    }
}
