import Artifacts
import Foundation
import Testing

@Suite("Row files")
struct RowFileTests {
    let fixture: StoreFixture
    let store: ArtifactStore

    init() throws {
        fixture = try StoreFixture()
        store = try fixture.open()
    }

    /// About 4 MiB of rows, so that there are several frames.
    private static let rows = (0..<4000).map { Sample($0, padding: 90) }

    @Test(
        "any range of rows is read through the seek table",
        arguments: [0..<0, 0..<1, 1000..<1010, 0..<4000, 3999..<4000])
    func randomAccess(range: Range<Int>) throws {
        let reference = try store.write(Self.rows)
        #expect(reference.bytes > 3 << 20)
        #expect(try store.reader(reference, as: Sample.self).rows(range) == Array(Self.rows[range]))
    }

    @Test("a range beyond the rows is refused", arguments: [3999..<4001, 5000..<5001])
    func rangeOutside(range: Range<Int>) throws {
        let reference = try store.write(Self.rows)
        #expect(throws: ArtifactError.self) { try store.reader(reference, as: Sample.self).rows(range) }
    }

    @Test("zstd's own program reads the file, and its digest is the artifact's", arguments: [0, 10, 4000])
    func commandLineTool(count: Int) throws {
        let reference = try store.write(Array(Self.rows.prefix(count)))
        let output = try #require(try run("zstd", "-dcq", fixture.url(of: reference).path))
        #expect(output.count == reference.bytes)
        #expect(ContentDigest(hashing: output) == reference.digest)
        #expect(output.split(separator: UInt8(ascii: "\n")).count == count)
    }

    @Test("a golden artifact keeps its digest")
    func goldenDigest() throws {
        let reference = try store.write((0..<3).map { Sample($0) })
        let text = """
            {"id":"\(Sample(0).id)","score":null,"text":"row 0 "}
            {"id":"\(Sample(1).id)","score":0.25,"text":"row 1 "}
            {"id":"\(Sample(2).id)","score":0.5,"text":"row 2 "}

            """
        #expect(reference.digest == ContentDigest(hashing: Array(text.utf8)))
        #expect(reference.digest.short == "2a4c36b91b6b")
        #expect(reference.bytes == text.utf8.count)
    }

    @Test("every single flipped byte of a file is noticed by a whole read")
    func flippedBytes() throws {
        let rows = (0..<20).map { Sample($0) }
        let reference = try store.write(rows)
        let url = fixture.url(of: reference)
        let sound = try Data(contentsOf: url)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: url.path)
        for position in sound.indices {
            var damaged = sound
            damaged[position] ^= UInt8(1 << (position % 8))
            try damaged.write(to: url)
            #expect(throws: ArtifactError.self, "byte \(position)") { try store.verify(reference) }
            #expect(throws: ArtifactError.self, "byte \(position)") {
                try store.reader(reference, as: Sample.self).forEach { _ in }
            }
            damaged[position] = sound[position] ^ 0x10
            try damaged.write(to: url)
            #expect(throws: ArtifactError.self, "byte \(position)") { try store.verify(reference) }
        }
        try sound.write(to: url)
        try store.verify(reference)
    }

    @Test("a file cut short anywhere is refused")
    func truncated() throws {
        let reference = try store.write((0..<20).map { Sample($0) })
        let url = fixture.url(of: reference)
        let sound = try Data(contentsOf: url)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: url.path)
        for length in 0..<sound.count {
            try sound.prefix(length).write(to: url)
            #expect(throws: ArtifactError.self, "\(length) bytes") { try store.verify(reference) }
        }
    }

    @Test("a row of another shape is an error that names file and row")
    func wrongRow() throws {
        struct Other: Record {
            static let schema = Sample.schema
            var id: String
            var text: Int
        }
        let reference = try store.write((0..<3).map { Sample($0) })
        let path = fixture.url(of: reference).path
        let cause = ArtifactError.wrongShape(path: "$.text", reason: "it is a string, not an integer")
        #expect(throws: ArtifactError.badRow(row: 1, file: path, cause: cause)) {
            try store.reader(reference, as: Other.self).all()
        }
        #expect(throws: ArtifactError.badRow(row: 3, file: path, cause: cause)) {
            try store.reader(reference, as: Other.self).rows(2..<3)
        }
    }

    @Test("rows of another schema are refused before reading")
    func wrongSchema() throws {
        struct Other: Record {
            static let schema = RecordSchema("other", version: 1)
            var id: String
        }
        let reference = try store.write([Sample(1)])
        #expect(throws: ArtifactError.schemaMismatch(digest: reference.digest, stored: "sample/1", asked: "other/1"))
        {
            try store.reader(reference, as: Other.self)
        }
    }

    @Test("rows can be read without knowing their type")
    func untyped() throws {
        let reference = try store.write((0..<3).map { Sample($0) })
        let reader = try store.rowReader(reference)
        var texts: [String?] = []
        try reader.forEach { texts.append($0["text"]?.stringValue) }
        #expect(texts == ["row 0 ", "row 1 ", "row 2 "])
        #expect(try reader.rows(1..<2).first?["score"] == 0.25)
    }

    @Test("a row that cannot be written leaves the writer usable")
    func refusedRow() throws {
        let writer = try store.writer(of: Sample.self)
        try writer.append(Sample(1))
        var bad = Sample(2)
        bad.score = .nan
        #expect(throws: ArtifactError.notRepresentable(path: "$.score", reason: "nan is not a JSON number")) {
            try writer.append(bad)
        }
        try writer.append(Sample(3))
        let reference = try writer.finish()
        #expect(try store.reader(reference, as: Sample.self).all() == [Sample(1), Sample(3)])
    }

    @Test("a writer that is given up leaves nothing, and takes no more rows")
    func cancelled() throws {
        let writer = try store.writer(of: Sample.self)
        try writer.append(Sample(1))
        writer.cancel()
        #expect(throws: ArtifactError.self) { try writer.finish() }
        #expect(try fixture.files(under: "tmp").isEmpty)
        #expect(try fixture.files(under: "objects").isEmpty)
    }
}

/// The standard output of a program, or nil where it fails.
func run(_ program: String, _ arguments: String...) throws -> Data? {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? output : nil
}
