import Foundation
import Model
import TestSupport
import Testing

@Suite("safetensors files")
struct SafetensorsTests {
    private struct Cases: Decodable {
        struct Case: Decodable { var file: String; var wrong: String }
        var files: [Case]
    }

    @Test("damaged files are refused with a typed error", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func malformed() throws {
        let folder = SharedData.url("golden/quants/malformed-safetensors")
        let cases = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: folder.appending(path: "cases.json")))
        #expect(cases.files.count == 13)
        for damaged in cases.files {
            #expect(throws: ModelError.self, "\(damaged.file): \(damaged.wrong)") {
                try SafetensorsFile(folder.appending(path: damaged.file))
            }
        }
        #expect(throws: Never.self) { try SafetensorsFile(folder.appending(path: "sound.safetensors")) }
    }

    @Test("what is written reads back the same, and twice the same bytes")
    func roundTrip() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "safetensors-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let model = try LanguageModel.random(configuration: .tiny(), seed: 7)
        try model.writeHuggingFace(to: folder)
        let first = try Data(contentsOf: folder.appending(path: "model.safetensors"))
        #expect(first.count == SafetensorsWriter.size(model.layout))
        #expect(SafetensorsWriter.header(model.layout).count % 8 == 0)
        let copy = try LanguageModel(huggingFace: folder)
        #expect(copy.configuration == model.configuration)
        #expect(copy.parameters.values == model.parameters.values)
        try copy.writeHuggingFace(to: folder)
        #expect(try Data(contentsOf: folder.appending(path: "model.safetensors")) == first)
    }

    @Test("every prefix and every flipped byte of a sound file is read or refused, never a trap")
    func mutations() throws {
        let header = #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}   "#
        let sound =
            withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + [
                0, 0, 128, 63, 0, 0, 0, 64,
            ]
        let url = FileManager.default.temporaryDirectory.appending(path: "mutated-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data(sound).write(to: url)
        let file = try SafetensorsFile(url)
        let values = FloatBuffer(count: 2)
        let tensor = try #require(file.tensor("a"))
        try values.withUnsafeMutableBufferPointer { try file.read(tensor, into: $0) }
        #expect(values.values == [1, 2])
        for length in 0..<sound.count {
            try Data(sound[..<length]).write(to: url)
            #expect(throws: ModelError.self, "the first \(length) bytes") { try SafetensorsFile(url) }
        }
        for index in sound.indices {
            for byte in [UInt8(0), 0x22, 0x30, 0x7F, 0xFF] {
                var mutated = sound
                mutated[index] = byte
                try Data(mutated).write(to: url)
                _ = try? SafetensorsFile(url)  // a trap would end the test run
            }
        }
    }

    @Test("every half-precision value is widened exactly")
    func halfPrecision() {
        for bits in UInt16.min...UInt16.max {
            let bytes = withUnsafeBytes(of: bits.littleEndian) { Array($0) }
            let widened = FloatBuffer(count: 1)
            widened.withUnsafeMutableBufferPointer { target in
                bytes.withUnsafeBytes { BlockFormat.f16.dequantise($0, into: target) }
            }
            let value = Float(Float16(bitPattern: bits))
            #expect(value.isNaN ? widened[0].isNaN : widened[0].bitPattern == value.bitPattern)
        }
    }
}

extension FloatBuffer {
    var values: [Float] { withUnsafeBufferPointer { Array($0) } }
}

extension ModelConfiguration {
    /// A model of a few thousand parameters.
    static func tiny(vocabularySize: Int = 40, tiesEmbeddings: Bool = true) -> ModelConfiguration {
        ModelConfiguration(
            vocabularySize: vocabularySize, hiddenSize: 16, intermediateSize: 24, layerCount: 2, headCount: 4,
            keyValueHeadCount: 2, headSize: 4, ropeTheta: 10_000, normEpsilon: 1e-5, contextLength: 64,
            tiesEmbeddings: tiesEmbeddings)
    }
}
