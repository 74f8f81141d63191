import Artifacts
import Foundation
import Testing

@Suite("Records that cannot be true, runs that cannot be read, and files that belong nowhere")
struct StoreRepairTests {
    let fixture: StoreFixture
    let rows: ArtifactReference

    init() throws {
        fixture = try StoreFixture()
        let store = try fixture.open()
        rows = try store.write((0..<40).map { Sample($0) })
        let claim = try #require(try store.claim(Self.honest("a").key))
        defer { claim.release() }
        try store.commit(record(rows: rows), claim: claim)
    }

    /// In these tests a key is the digest of the preimage's text.
    private static func hasItsKey(_ record: StageRecord) -> Bool {
        (try? CanonicalJSON.text(record.preimage)).map { key($0) } == record.key
    }

    private static func honest(_ name: String) throws -> (key: ContentDigest, preimage: JSONValue) {
        let preimage: JSONValue = ["name": .string(name)]
        return (key(try CanonicalJSON.text(preimage)), preimage)
    }

    private func record(rows: ArtifactReference) throws -> StageRecord {
        let (key, preimage) = try Self.honest("a")
        return StageRecord(
            key: key, preimage: preimage, kind: "pair", stageName: "m2.pairs", pipeline: "iteration",
            outputs: ["pairs": rows], createdAt: "2024-01-18T00:00:00Z")
    }

    private func report(_ share: VerifiedShare = .all) throws -> StoreReport {
        var generator = SystemRandomNumberGenerator()
        return try fixture.open().report(reading: share, generator: &generator, hasItsKey: Self.hasItsKey)
    }

    private func repair() throws -> (found: StoreReport, repairs: [StoreRepair], left: StoreReport) {
        var generator = SystemRandomNumberGenerator()
        return try fixture.open().repair(reading: .all, generator: &generator, hasItsKey: Self.hasItsKey)
    }

    private var recordFile: URL {
        get throws {
            let hex = try Self.honest("a").key.hex
            return fixture.root.appending(path: "records/\(hex.prefix(2))/\(hex).json")
        }
    }

    /// Replaces `old` in the record file, and lets the index be made anew from that where it is to say the same.
    private func forge(_ old: String, _ new: String, indexToo: Bool) throws {
        let text = try String(contentsOf: recordFile, encoding: .utf8)
        try #require(text.contains(old))
        try FileManager.default.removeItem(at: recordFile)
        try Data(text.replacing(old, with: new).utf8).write(to: recordFile)
        guard indexToo else { return }
        try FileManager.default.removeItem(at: fixture.root.appending(path: "index.sqlite"))
        _ = try fixture.open()
    }

    @Test("a record whose key is not that of its preimage is misfiled; put away, its stage counts as not done")
    func misfiled() throws {
        try forge("\"name\":\"a\"", "\"name\":\"b\"", indexToo: true)
        let problem = try #require(try report(.none).problems.first)
        let (hex, path) = (try Self.honest("a").key.hex, try recordFile.path)
        #expect(problem.kind == .misfiled && path.hasSuffix(problem.path) && problem.names == ["m2.pairs"])
        #expect(problem.reason == "its key '\(hex.prefix(12))' does not follow from what the index says was hashed")
        #expect(try !report(.none).isSound)
        let (_, repairs, left) = try repair()
        #expect(repairs.map(\.action) == [.quarantined("quarantine/\(hex).json")])
        #expect(left.isSound && left.problems.map(\.kind) == [.orphaned])
        #expect(try fixture.open().stageRecord(for: Self.honest("a").key) == nil)
    }

    @Test("where the index still has it right, the misfiled record is put away and written again")
    func misfiledFile() throws {
        let whole = try Data(contentsOf: recordFile)
        try forge("\"name\":\"a\"", "\"name\":\"b\"", indexToo: false)
        #expect(try report(.none).problems.map(\.kind) == [.misfiled, .dangling])
        let (_, repairs, left) = try repair()
        #expect(repairs.map(\.action) == [.quarantined("quarantine/\(try Self.honest("a").key.hex).json")])
        #expect(left.problems.isEmpty)
        #expect(try Data(contentsOf: recordFile) == whole)
        #expect(try fixture.files(under: "quarantine").count == 1)
    }

    @Test("where only the index has it wrong, it takes the record from its file again")
    func misfiledIndex() throws {
        let whole = try Data(contentsOf: recordFile)
        try forge("\"name\":\"a\"", "\"name\":\"b\"", indexToo: true)
        try FileManager.default.removeItem(at: recordFile)
        try whole.write(to: recordFile)
        let (found, repairs, left) = try repair()
        #expect(found.problems.contains { $0.kind == .misfiled })
        #expect(repairs.map(\.action) == [.indexed] && left.problems.isEmpty)
        #expect(try fixture.open().stageRecord(for: Self.honest("a").key) == record(rows: rows))
    }

    @Test("a record that gives its artifact another number of rows is damaged once that is read")
    func rowCounts() throws {
        try forge("\"rows\":40", "\"rows\":41", indexToo: true)
        #expect(try report(.none).isSound, "the names and sizes are right")
        let problem = try #require(try report().problems.first)
        let path = try recordFile.path
        #expect(problem.kind == .damaged && path.hasSuffix(problem.path))
        #expect(
            problem.reason
                == "it gives 'm2.pairs.pairs' 41 rows in \(rows.bytes) bytes; there are 40 in \(rows.bytes)")
        let (_, repairs, left) = try repair()
        #expect(repairs.count == 1 && left.isSound)
        #expect(try fixture.open().stageRecord(for: Self.honest("a").key) == nil)
        #expect(try fixture.files(under: "objects").count == 1, "the object is as its name says")
    }

    @Test("files of runs that cannot be read are damaged and put away; the end of a run that died is not")
    func runs() throws {
        let store = try fixture.open()
        for (number, time) in ["2024-01-18T00:00:00Z", "2024-01-19T00:00:00Z"].enumerated() {
            let run = try store.newRun(plan: ["stages": []], startedAt: Date(time, strategy: .iso8601))
            try run.append(event: ["event": "run_started"])
            if number == 0 { try run.finish(summary: ["results": []]) }
        }
        let died = fixture.root.appending(path: "runs/2024-01-19T00-00-00Z/events.jsonl")
        try append(#"{"event":"stage_st"#, to: died)
        #expect(try report(.none).problems.isEmpty)

        let ended = fixture.root.appending(path: "runs/2024-01-18T00-00-00Z")
        try append("{}", to: ended.appending(path: "events.jsonl"))
        for name in ["plan.json", "summary.json"] {
            let file = ended.appending(path: name)
            let bytes = try Data(contentsOf: file)
            try FileManager.default.removeItem(at: file)
            try bytes.dropLast(3).write(to: file)
        }
        let problems = try report(.none).problems
        #expect(problems.allSatisfy { $0.kind == .damaged } && problems.count == 3)
        #expect(problems.map(\.reason).contains("its last line has no end"))
        #expect(problems.map { $0.path.split(separator: "/").last } == ["events.jsonl", "plan.json", "summary.json"])
        let (_, repairs, left) = try repair()
        #expect(repairs.count == 3 && left.problems.isEmpty)
        #expect(try fixture.files(under: "quarantine").contains("2024-01-18T00-00-00Z-summary.json"))
        #expect(try fixture.open().runs().count == 2)
    }

    private func append(_ text: String, to file: URL) throws {
        var bytes = try Data(contentsOf: file)
        bytes.append(Data(text.utf8))
        try bytes.write(to: file)
    }

    @Test("files where none of a store belongs are orphaned, wherever they lie")
    func strangers() throws {
        let places = [
            "notes.txt", "objects/copy.zst", "objects/sha256/loose", "objects/sha256/ab/x.zst", "blobs/sha256/loose",
            "blobs/sha256/ab/deeper/file", "records/loose.json", "records/ab/\(key("elsewhere").hex).txt",
            "runs/summary.json", "staging/shard-0", "pins/note",
        ]
        for place in places + ["README.md", ".gitignore"] {
            let file = fixture.root.appending(path: place)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("x".utf8).write(to: file)
        }
        let report = try report()
        #expect(report.problems.map(\.path) == places.sorted() && report.isSound)
        #expect(report.problems.allSatisfy { $0.kind == .orphaned })
    }

    @Test("an index made anew tells which results the old one did not know, knew otherwise, or knew alone")
    func rebuilt() throws {
        let (_, same) = try ArtifactStore.rebuildIndex(fixture.root)
        #expect(same.keptAs == "quarantine/index.sqlite" && same.damage == nil)
        #expect(same.added.isEmpty && same.removed.isEmpty && same.changed.isEmpty)

        try forge("\"createdAt\":\"2024", "\"createdAt\":\"2025", indexToo: false)
        let other = try Self.honest("b")
        let text = try String(contentsOf: recordFile, encoding: .utf8)
            .replacing(Self.honest("a").key.hex, with: other.key.hex).replacing("m2.pairs", with: "m3.pairs")
        let file = fixture.root.appending(path: "records/\(other.key.hex.prefix(2))/\(other.key.hex).json")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        let (_, rebuild) = try ArtifactStore.rebuildIndex(fixture.root)
        #expect(rebuild.added.map(\.stageName) == ["m3.pairs"] && rebuild.added.map(\.key) == [other.key])
        #expect(rebuild.changed.map(\.stageName) == ["m2.pairs"] && rebuild.removed.isEmpty)
        #expect(rebuild.keptAs == "quarantine/index.sqlite-2")

        try FileManager.default.removeItem(at: fixture.root.appending(path: "index.sqlite"))
        let (_, anew) = try ArtifactStore.rebuildIndex(fixture.root)
        #expect(anew.keptAs == nil && anew.damage == nil && anew.added.isEmpty)
    }
}
