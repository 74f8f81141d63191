import Artifacts
import Foundation
import Testing

@Suite("Collecting what nothing needs")
struct CollectionTests {
    let fixture: StoreFixture
    /// In the order of their making: `old`, which only the first run used; `middle`; `new`, which is made from `middle`.
    let keys: [ContentDigest]

    init() throws {
        fixture = try StoreFixture()
        let store = try fixture.open()
        let source = try store.ingest(bytes: Array("source".utf8))
        let old = try store.write([Sample(1)])
        let middle = try store.write([Sample(2)])
        let new = try store.write([Sample(3)])
        var records = [
            record("old", outputs: ["rows": old], stage: "m1", blobs: [try store.ingest(bytes: [1, 2]).digest]),
            record("middle", outputs: ["rows": middle], stage: "m1", blobs: [], createdAt: "2024-01-19T00:00:00Z"),
            record("new", outputs: ["rows": new], stage: "m2", blobs: [], createdAt: "2024-01-20T00:00:00Z"),
        ]
        records[1].preimage = ["inputs": ["text": .string(source.digest.hex)]]
        records[2].preimage = ["inputs": ["rows": .string(middle.digest.hex)]]
        for record in records { try Self.commit(record, to: store) }
        keys = records.map(\.key)
        try addRun(at: "2024-01-18T00:00:00Z", using: [keys[0]])
        try addRun(at: "2024-01-20T00:00:00Z", using: [keys[1], keys[2]])
    }

    private static func commit(_ record: StageRecord, to store: ArtifactStore) throws {
        let claim = try #require(try store.claim(record.key))
        defer { claim.release() }
        try store.commit(record, claim: claim)
    }

    private func addRun(
        at time: String, of pipeline: String = "iteration", using keys: [ContentDigest], outcome: String = "ran"
    ) throws {
        let date = try Date(time, strategy: .iso8601)
        let results = keys.map { ["key": .string($0.hex), "outcome": .string(outcome)] as JSONValue }
        try fixture.open().newRun(plan: [:], startedAt: date)
            .finish(summary: ["pipeline": .string(pipeline), "results": .array(results)])
    }

    private func isSound() throws -> Bool {
        var generator = SystemRandomNumberGenerator()
        return try fixture.open().report(reading: .all, generator: &generator) { _ in true }.problems.isEmpty
    }

    @Test("of each pipeline the newest runs keep their results; the rest goes, files and records and index rows")
    func newestRuns() throws {
        let store = try fixture.open()
        let two = try store.collectionPlan(keeping: Retention(runs: 2))
        #expect(two.results.isEmpty && two.files == 0 && two.isEmpty && two.keptResults == 3)
        let before = try fixture.files()
        let plan = try store.collectionPlan(keeping: Retention(runs: 1))
        #expect(plan.results.map(\.key) == [keys[0]] && plan.files == 2)
        #expect(try fixture.files() == before, "a plan changes nothing")
        let done = try store.collect(keeping: Retention(runs: 1))
        #expect(done.results == plan.results && done.bytes == plan.bytes && done.bytes > 0)
        #expect(try store.stageRecord(for: keys[0]) == nil)
        #expect(try fixture.files().count == before.count - 3)
        #expect(try isSound())
        #expect(try store.collect(keeping: Retention(runs: 1)).isEmpty)
    }

    @Test("finished runs count; the latest that did not finish keeps its results until as many finished after it")
    func unfinishedRuns() throws {
        let store = try fixture.open()
        for day in 21...23 {
            try addRun(at: "2024-01-\(day)T00:00:00Z", using: [keys[day == 22 ? 1 : 0]], outcome: "failed")
        }
        let plan = try store.collectionPlan(keeping: Retention(runs: 1))
        #expect(plan.results.isEmpty)
        let reasons = plan.roots.filter { $0.kind == .run }.map { ($0.name.prefix(10), $0.reason) }
        #expect(reasons.map(\.0) == ["2024-01-23", "2024-01-20"])
        #expect(reasons.map(\.1) == ["the latest unfinished of 'iteration'", "among the newest of 'iteration'"])
        try addRun(at: "2024-01-24T00:00:00Z", using: [keys[2]])
        #expect(try store.collectionPlan(keeping: Retention(runs: 1)).results.map(\.key) == [keys[0]])
        #expect(try store.collectionPlan(keeping: Retention(runs: 2)).results.isEmpty)
        #expect(try store.collectionPlan(keeping: Retention(runs: 0)).results.map(\.key) == [keys[0]])
    }

    @Test("a young run keeps its results however many came after it")
    func youngRuns() throws {
        let store = try fixture.open()
        let now = try Date("2024-01-20T12:00:00Z", strategy: .iso8601)
        let day = try store.collectionPlan(keeping: Retention(runs: 0, age: 86_400), now: now)
        #expect(day.results.map(\.key) == [keys[0]])
        #expect(day.roots.first?.reason == "young enough, of 'iteration'")
        let week = try store.collectionPlan(keeping: Retention(runs: 0, age: 7 * 86_400), now: now)
        #expect(week.results.isEmpty)
    }

    @Test("what a name stands for stays without any run, unless its pipeline is forgotten")
    func names() throws {
        let store = try fixture.open()
        let none = try store.collectionPlan(keeping: Retention(runs: 0))
        #expect(none.roots.map(\.kind) == [.names] && none.results.map(\.key) == [keys[0]])
        let forgotten = try store.collectionPlan(keeping: Retention(runs: 5), forgetting: ["iteration"])
        #expect(forgotten.roots.isEmpty && forgotten.results.count == 3)
        #expect(try store.pipelines() == ["iteration"])
    }

    @Test("a pin keeps a result and all that it was made from, sources too, until it is taken back")
    func pins() throws {
        let store = try fixture.open()
        try store.pin(StorePin(name: "m2.rows", keys: [keys[2]], note: "for the paper"))
        #expect(try store.pins().map(\.note) == ["for the paper"])
        let plan = try store.collect(keeping: Retention(runs: 0), forgetting: ["iteration"])
        #expect(plan.results.map(\.key) == [keys[0]])
        #expect(plan.roots.map(\.keys) == [[keys[1], keys[2]]])
        #expect(plan.roots.first?.reason == "pinned: for the paper")
        #expect(try fixture.files(under: "blobs").count == 1, "the source")
        #expect(try store.unpin("m2.rows") && !store.unpin("m2.rows"))
        let rest = try store.collect(keeping: Retention(runs: 0), forgetting: ["iteration"])
        #expect(rest.results.count == 2)
        #expect(try fixture.files(under: "objects").isEmpty && fixture.files(under: "blobs").isEmpty)
    }

    @Test("a lockfile keeps what it demands as long as it is there")
    func lockfiles() throws {
        let store = try fixture.open()
        let file = fixture.folder.appending(path: "iter.lock.json")
        try Data("{\"stages\":[{\"key\":\"\(keys[1].hex)\"}]}".utf8).write(to: file)
        try store.pin(StorePin(name: file.path, keys: [keys[0]], lockfile: file.path))
        let kept = try store.collectionPlan(keeping: Retention(runs: 1))
        #expect(kept.results.isEmpty && kept.roots.map(\.kind).contains(.lockfile))
        let locked = try store.collectionPlan(keeping: Retention(runs: 0), forgetting: ["iteration"])
        #expect(locked.results.map(\.key) == [keys[2]], "what the file names counts, too")
        try FileManager.default.removeItem(at: file)
        let away = try store.collectionPlan(keeping: Retention(runs: 1))
        #expect(away.results.isEmpty && away.roots.contains { $0.reason.contains("is not there") })
        #expect(try store.unpin(file.path))
        #expect(try store.collectionPlan(keeping: Retention(runs: 1)).results.map(\.key) == [keys[0]])
        try Data("no lockfile".utf8).write(to: file)
        try store.pin(StorePin(name: file.path, keys: [], lockfile: file.path))
        #expect(throws: ArtifactError.self) { try store.collectionPlan(keeping: Retention(runs: 1)) }
    }

    @Test("unfinished attempts stay while a kept run was to finish them, and files that no result names go")
    func leftovers() throws {
        let store = try fixture.open()
        for name in [keys[2], key("other")] {
            try store.staging(for: name).publish(rows: [Sample(1)], as: "shard-0")
        }
        _ = try store.ingest(bytes: Array("nobody names this".utf8))
        let plan = try store.collect(keeping: Retention(runs: 5))
        #expect(plan.results.isEmpty && plan.attempts == 1 && plan.files == 1)
        #expect(try store.staging(for: keys[2]).names() == ["shard-0"])
        #expect(try store.staging(for: key("other")).names().isEmpty)
    }

    @Test("an unfinished run keeps what it had planned and done")
    func openRun() throws {
        let store = try fixture.open()
        let run = try store.newRun(plan: [:])
        try run.append(event: ["event": "run_started", "pipeline": "iteration"])
        try run.append(event: ["event": "stage_planned", "key": .string(keys[0].hex)])
        #expect(try store.collectionPlan(keeping: Retention(runs: 1)).results.map(\.key).contains(keys[0]) == false)
        #expect(throws: ArtifactError.storeBusy(path: fixture.root.path)) {
            try store.collect(keeping: Retention(runs: 1))
        }
        try run.finish(summary: ["pipeline": "iteration", "results": []])
    }

    @Test("a damaged pin or record ends it before anything is removed")
    func damaged() throws {
        let store = try fixture.open()
        try store.pin(StorePin(name: "m2.rows", keys: [keys[2]]))
        let name = try #require(try fixture.files(under: "pins").first)
        let pin = fixture.root.appending(path: "pins/\(name)")
        try FileManager.default.removeItem(at: pin)
        try Data("{\"schema\":\"pin/1\"}".utf8).write(to: pin)
        let before = try fixture.files()
        #expect(throws: ArtifactError.self) { try store.collect(keeping: Retention(runs: 0)) }
        #expect(try fixture.files() == before)
    }
}
