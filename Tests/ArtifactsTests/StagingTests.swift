import Artifacts
import Foundation
import Testing

@Suite("Staging")
struct StagingTests {
    let fixture: StoreFixture
    let staging: StagingFolder

    init() throws {
        fixture = try StoreFixture()
        staging = try fixture.open().staging(for: key("stage"))
    }

    private func content(_ name: String) throws -> [UInt8]? {
        try staging.open(name).map { Array(try Data(contentsOf: $0)) }
    }

    @Test("a published piece is handed out again, also to the next process")
    func publishAndOpen() throws {
        #expect(try staging.open("shard-0") == nil)
        let piece = try staging.publish("shard-0") { try $0.write([1, 2, 3]) }
        #expect(piece.sha256 == ContentDigest(hashing: [1, 2, 3]))
        #expect(try content("shard-0") == [1, 2, 3])
        let again = try fixture.open().staging(for: key("stage"))
        #expect(try again.names() == ["shard-0"])
        #expect(try again.open("shard-0") == staging.open("shard-0"))
    }

    @Test("a newer piece takes the place of the older, which goes")
    func replaced() throws {
        try staging.publish("checkpoint") { try $0.write([1]) }
        try staging.publish("checkpoint") { try $0.write([2]) }
        try staging.publish("checkpoint") { try $0.write([2]) }
        #expect(try content("checkpoint") == [2])
        #expect(try fixture.files(under: "staging").count == 2)
    }

    @Test("a piece whose bytes changed is not handed out")
    func damaged() throws {
        try staging.publish("shard-0") { try $0.write([1, 2, 3]) }
        let url = try #require(try staging.open("shard-0"))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: url.path)
        try Data([1, 2, 4]).write(to: url)
        #expect(try staging.open("shard-0") == nil)
        try Data([1, 2]).write(to: url)
        #expect(try staging.open("shard-0") == nil)
        try FileManager.default.removeItem(at: url)
        #expect(try staging.open("shard-0") == nil)
    }

    @Test("a piece whose writing failed does not count, and the older one stays")
    func failedWrite() throws {
        struct Failure: Error {}
        try staging.publish("shard-0") { try $0.write([1]) }
        #expect(throws: Failure.self) {
            try staging.publish("shard-0") { writer in
                try writer.write([2])
                throw Failure()
            }
        }
        #expect(try content("shard-0") == [1])
        #expect(try fixture.files(under: "staging").count == 2)
    }

    @Test("rows are staged in the form of an artifact")
    func rows() throws {
        let rows = (0..<10).map { Sample($0) }
        try staging.publish(rows: rows, as: "shard-7")
        #expect(try staging.rows("shard-7", as: Sample.self) == rows)
        #expect(try staging.rows("shard-8", as: Sample.self) == nil)
    }

    @Test("a removed piece is gone, a discarded folder too")
    func removed() throws {
        try staging.publish("shard-0") { try $0.write([1]) }
        try staging.remove("shard-0")
        try staging.remove("shard-0")
        #expect(try staging.names().isEmpty)
        _ = try staging.scratch()
        try staging.discard()
        #expect(try fixture.files(under: "staging").isEmpty)
    }

    @Test(
        "names cannot leave the folder", arguments: ["", "..", "../a", "a/b", "/etc/passwd", ".ok.json", "a@b", "é"])
    func names(name: String) {
        #expect(throws: ArtifactError.invalidName(name, what: "a staged piece")) {
            try staging.publish(name) { try $0.write([1]) }
        }
        #expect(throws: ArtifactError.self) { try staging.open(name) }
    }
}
