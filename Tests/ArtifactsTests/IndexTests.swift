import Artifacts
import Foundation
import Testing

@Suite("The index")
struct IndexTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private var index: URL { fixture.root.appending(path: "index.sqlite") }

    private func commit(_ record: StageRecord, in store: ArtifactStore) throws -> CommitOutcome {
        let claim = try #require(try store.claim(record.key))
        return try store.commit(record, claim: claim)
    }

    private func sqlite(_ statements: String) throws -> String {
        let output = try #require(try run("sqlite3", index.path, statements))
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test("a lost index is rebuilt from the records, in their order")
    func rebuilt() throws {
        let store = try fixture.open()
        let rows = try store.write([Sample(1)])
        let blob = try store.ingest(bytes: [9])
        _ = try commit(
            record("b", outputs: ["rows": rows], stage: "second", createdAt: "2024-01-02T00:00:00Z"), in: store)
        _ = try commit(
            record(
                "a", outputs: ["rows": rows], stage: "first", blobs: [blob.digest], createdAt: "2024-01-01T00:00:00Z"),
            in: store)
        try FileManager.default.removeItem(at: index)

        let rebuilt = try ArtifactStore.open(fixture.root, create: false)
        #expect(rebuilt.damagedRecords.isEmpty)
        let first = try #require(try rebuilt.stageRecord(for: key("a")))
        #expect(first.blobBytes == [blob.digest.hex: 1])
        #expect(try rebuilt.latestRecords(pipelineStage: nil, kind: "pair").map(\.stageName) == ["second", "first"])
        #expect(try rebuilt.artifacts().map(\.name) == ["second.rows", "first.rows"])
    }

    @Test("a damaged record does not keep a store from opening; its stage runs again and replaces it")
    func damagedRecord() throws {
        let store = try fixture.open()
        let rows = try store.write([Sample(1)])
        for name in ["a", "b"] { _ = try commit(record(name, outputs: ["rows": rows]), in: store) }
        let path = fixture.root.appending(path: "records/\(key("a").hex.prefix(2))/\(key("a").hex).json")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path.path)
        try Data("{}".utf8).write(to: path)
        try FileManager.default.removeItem(at: index)

        let rebuilt = try fixture.open()
        #expect(rebuilt.damagedRecords == [path.path])
        #expect(try rebuilt.stageRecord(for: key("a")) == nil)
        #expect(try rebuilt.stageRecord(for: key("b")) != nil)
        #expect(try commit(record("a", outputs: ["rows": rows]), in: rebuilt) == .accepted)
        try FileManager.default.removeItem(at: index)
        #expect(try fixture.open().damagedRecords.isEmpty)
    }

    @Test("a record of a newer program is not overlooked")
    func newerRecord() throws {
        let store = try fixture.open()
        _ = try commit(record("a", outputs: ["rows": store.write([])]), in: store)
        let path = fixture.root.appending(path: "records/\(key("a").hex.prefix(2))/\(key("a").hex).json")
        let text = try String(contentsOf: path, encoding: .utf8).replacing("stage-record/1", with: "stage-record/2")
        try FileManager.default.removeItem(at: path)
        try Data(text.utf8).write(to: path)
        try FileManager.default.removeItem(at: index)
        #expect(throws: ArtifactError.newerRecord(path: path.path, schema: "stage-record/2")) { try fixture.open() }
    }

    @Test("the database has the settings that the format promises")
    func settings() throws {
        _ = try fixture.open()
        #expect(try sqlite("PRAGMA application_id") == "1397902413")
        #expect(try sqlite("PRAGMA user_version") == "1")
        #expect(try sqlite("PRAGMA journal_mode") == "delete", "no journal mode that lasts, so not WAL")
        #expect(
            try sqlite("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%STRICT%'") == "0")
        #expect(try sqlite("PRAGMA integrity_check") == "ok")
    }

    @Test("a newer index is refused and left as it is")
    func newer() throws {
        _ = try fixture.open()
        _ = try sqlite("PRAGMA user_version = 99")
        let before = try Data(contentsOf: index)
        #expect(throws: ArtifactError.newerIndex(path: index.path, version: 99, supported: 1)) { try fixture.open() }
        #expect(try Data(contentsOf: index) == before)
    }

    @Test(
        "a database of another program is refused and left as it is, and nothing is made beside it",
        arguments: [
            "CREATE TABLE other (x); PRAGMA journal_mode = WAL", "PRAGMA application_id = 7",
            "PRAGMA user_version = 3",
        ])
    func foreign(statements: String) throws {
        try FileManager.default.createDirectory(at: fixture.root, withIntermediateDirectories: true)
        _ = try sqlite(statements)
        let before = try Data(contentsOf: index)
        #expect(throws: ArtifactError.foreignIndex(path: index.path, reason: "another program made it")) {
            try fixture.open()
        }
        #expect(try Data(contentsOf: index) == before)
        #expect(try fixture.files() == ["index.sqlite"])
    }

    @Test("a file that is no database is refused and left as it is")
    func notADatabase() throws {
        try FileManager.default.createDirectory(at: fixture.root, withIntermediateDirectories: true)
        let text = Data(String(repeating: "not a database ", count: 100).utf8)
        try text.write(to: index)
        #expect(throws: ArtifactError.foreignIndex(path: index.path, reason: "it is no SQLite database")) {
            try fixture.open()
        }
        #expect(try Data(contentsOf: index) == text)
    }

    @Test("an index whose making was cut short is made anew")
    func emptyIndex() throws {
        let store = try fixture.open()
        _ = try commit(record("a", outputs: ["rows": store.write([])]), in: store)
        try Data().write(to: index)
        #expect(try fixture.open().stageRecord(for: key("a")) != nil)
    }

    @Test("there is no store where none was made")
    func missingStore() throws {
        let path = fixture.root.path
        #expect(throws: ArtifactError.storeMissing(path: path)) {
            try ArtifactStore.open(fixture.root, create: false)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a second result with other bytes is kept as a divergence and never replaces the first")
    func divergence() throws {
        let store = try fixture.open()
        let first = record("a", outputs: ["rows": try store.write([Sample(1)])])
        let second = record("a", outputs: ["rows": try store.write([Sample(2)])])
        #expect(try commit(first, in: store) == .accepted)
        guard case .diverged(let accepted) = try commit(second, in: store) else {
            Issue.record("a divergence is due")
            return
        }
        #expect(accepted.outputs == first.outputs)
        #expect(try store.stageRecord(for: key("a"))?.outputs == first.outputs)
        #expect(try fixture.files(under: "records").filter { $0.contains("divergence") }.count == 1)
        try FileManager.default.removeItem(at: index)
        #expect(try fixture.open().stageRecord(for: key("a"))?.outputs == first.outputs)
    }

    @Test("a result whose output was lost is replaced by the next one")
    func lostOutput() throws {
        let store = try fixture.open()
        let first = record("a", outputs: ["rows": try store.write([Sample(1)])])
        _ = try commit(first, in: store)
        let lost = try #require(first.outputs["rows"])
        try FileManager.default.removeItem(at: fixture.url(of: lost))
        #expect(!store.exists(lost))
        #expect(try store.problems(of: first) == [OutputProblem(port: "rows", digest: lost.digest, kind: .missing)])

        let second = record("a", outputs: ["rows": try store.write([Sample(2)])])
        #expect(try commit(second, in: store) == .accepted)
        #expect(try store.stageRecord(for: key("a"))?.outputs == second.outputs)
        #expect(try store.artifacts().count == 1)
    }

    @Test("a record is refused while an output or a blob is not in the store, and under another's claim")
    func refused() throws {
        let store = try fixture.open()
        let rows = try store.write([Sample(1)])
        let claim = try #require(try store.claim(key("a")))
        #expect(throws: ArtifactError.self) {
            try store.commit(record("a", outputs: ["rows": rows], blobs: [key("no blob")]), claim: claim)
        }
        #expect(throws: ArtifactError.claimMismatch(key: key("b"), claimed: key("a"))) {
            try store.commit(record("b", outputs: ["rows": rows]), claim: claim)
        }
        let path = fixture.url(of: rows)
        try FileManager.default.removeItem(at: path)
        try Data([0]).write(to: path)
        #expect(throws: ArtifactError.wrongSize(path: path.path, expected: rows.storedBytes, found: 1)) {
            try store.commit(record("a", outputs: ["rows": rows]), claim: claim)
        }
        try FileManager.default.removeItem(at: path)
        #expect(throws: ArtifactError.missingObject(path: path.path)) {
            try store.commit(record("a", outputs: ["rows": rows]), claim: claim)
        }
        claim.release()
        #expect(throws: ArtifactError.claimReleased(key: key("a"))) {
            try store.commit(record("a", outputs: ["rows": rows]), claim: claim)
        }
        #expect(try fixture.files(under: "records").isEmpty)
    }
}
