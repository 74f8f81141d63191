import Artifacts
import Foundation
import Testing

@Suite("Queries and blobs")
struct QueryTests {
    let fixture: StoreFixture
    let store: ArtifactStore

    init() throws {
        fixture = try StoreFixture()
        store = try fixture.open()
    }

    private func commit(_ record: StageRecord) throws {
        let claim = try #require(try store.claim(record.key))
        try store.commit(record, claim: claim)
    }

    @Test("a name stands for what the latest run used, old results are found by digest")
    func resolving() throws {
        let old = try store.write([Sample(1)])
        let new = try store.write([Sample(2)])
        let ledger = try store.write([])
        try commit(record("old", outputs: ["pairs": old, "ledger": ledger]))
        try commit(record("new", outputs: ["pairs": new, "ledger": ledger]))

        #expect(try store.resolve("m2.pairs.pairs").map(\.reference) == [new])
        #expect(try store.resolve("m2.pairs").map(\.port) == ["ledger", "pairs"])
        #expect(try store.resolve(String(old.digest.hex.prefix(8))).map(\.reference) == [old])
        #expect(try store.resolve("m2.pair").isEmpty)
        #expect(try store.resolve("").isEmpty)

        // The user goes back to the old parameters: a hit, which the run notes.
        try store.note([StageUse(pipeline: "iteration", stageName: "m2.pairs", key: key("old"))])
        #expect(try store.resolve("m2.pairs.pairs").map(\.reference) == [old])
        #expect(try store.artifacts().filter(\.isCurrent).map(\.reference) == [ledger, old])
        #expect(try store.artifacts().count == 4)
    }

    @Test("records of a kind come newest first, of one name or of all")
    func latest() throws {
        let rows = try store.write([])
        for (name, stage) in [("a", "m1"), ("b", "m2"), ("c", "m1")] {
            try commit(record(name, outputs: ["rows": rows], stage: stage))
        }
        #expect(try store.latestRecords(pipelineStage: "m1", kind: "pair").map(\.key) == [key("c"), key("a")])
        #expect(
            try store.latestRecords(pipelineStage: nil, kind: "pair").map(\.key) == [key("c"), key("b"), key("a")])
        #expect(try store.latestRecords(pipelineStage: nil, kind: "judge").isEmpty)
    }

    @Test("a source is copied once, under its digest, read-only")
    func ingest() throws {
        let source = fixture.folder.appending(path: "source.bin")
        let bytes = [UInt8]((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try Data(bytes).write(to: source)
        let reference = try store.ingest(file: source, expected: ContentDigest(hashing: bytes))
        #expect(reference.bytes == bytes.count)
        #expect(try store.ingest(file: source) == reference)
        #expect(try store.ingest(bytes: bytes) == reference)
        let blob = try store.blobURL(reference.digest)
        #expect(Array(try Data(contentsOf: blob)) == bytes)
        let mode = try FileManager.default.attributesOfItem(atPath: blob.path)[.posixPermissions] as? Int
        #expect(mode == 0o444)
        #expect(try fixture.files(under: "blobs").count == 1)
        #expect(try fixture.files(under: "tmp").isEmpty)
    }

    @Test("a source with another digest than stated is refused, and nothing is stored")
    func wrongSource() throws {
        let source = fixture.folder.appending(path: "source.txt")
        try Data("abc".utf8).write(to: source)
        let expected = ContentDigest(hashing: [])
        let found = ContentDigest(hashing: Array("abc".utf8))
        #expect(throws: ArtifactError.sourceDigestMismatch(path: source.path, expected: expected, found: found)) {
            try store.ingest(file: source, expected: expected)
        }
        #expect(throws: ArtifactError.self) { try store.ingest(file: fixture.folder.appending(path: "missing")) }
        #expect(throws: ArtifactError.self) { try store.ingest(file: fixture.folder) }
        #expect(try fixture.files(under: "blobs").isEmpty)
    }

    @Test("a damaged object or blob is replaced when its content is made again")
    func healed() throws {
        let rows = try store.write([Sample(1)])
        let blob = try store.ingest(bytes: [1, 2, 3])
        for reference in [rows, blob] {
            let url = fixture.url(of: reference)
            try FileManager.default.removeItem(at: url)
            try Data([1, 2, 4]).write(to: url)
            #expect(throws: ArtifactError.self) { try store.verify(reference) }
        }
        #expect(try store.write([Sample(1)]) == rows)
        #expect(try store.ingest(bytes: [1, 2, 3]) == blob)
        try store.verify(rows)
        try store.verify(blob)
    }

    @Test("runs are folders with a plan, events and a summary, newest first")
    func runs() throws {
        let start = Date(timeIntervalSince1970: 1_705_572_672)
        let first = try store.newRun(plan: ["seed": 1], startedAt: start)
        let second = try store.newRun(plan: ["seed": 2], startedAt: start)
        try first.append(event: ["stage": "m1"])
        try first.append(event: ["stage": "m2"])
        try first.finish(summary: ["ran": 2])
        #expect(first.id == "2024-01-18T10-11-12Z")
        #expect(second.id == "2024-01-18T10-11-12Z-2")
        let events = try String(contentsOf: first.folder.appending(path: "events.jsonl"), encoding: .utf8)
        #expect(events == "{\"stage\":\"m1\"}\n{\"stage\":\"m2\"}\n")
        #expect(throws: ArtifactError.self) { try first.append(event: [:]) }
        let runs = try store.runs()
        #expect(runs.map(\.id) == [second.id, first.id])
        #expect(runs.map(\.summary) == [nil, ["ran": 2]])
    }

    @Test("of runs that began in one second the tenth is newer than the ninth")
    func numberedRuns() throws {
        let start = Date(timeIntervalSince1970: 1_705_572_672)
        let ids = try (1...11).map { _ in try store.newRun(plan: [:], startedAt: start).id }
        let next = try store.newRun(plan: [:], startedAt: start + 1).id
        #expect(try store.runs().map(\.id) == [next] + ids.reversed())
        // Those before it may be gone; it is still the newest.
        let runs = fixture.root.appending(path: "runs")
        for id in ids.dropLast() { try FileManager.default.removeItem(at: runs.appending(path: id)) }
        #expect(try store.newRun(plan: [:], startedAt: start).id == ids[0] + "-12")
    }

    @Test("a temporary file of a living writer is not swept")
    func sweep() throws {
        let writer = try store.writer(of: Sample.self)
        try writer.append(Sample(1))
        try Data([1]).write(to: fixture.root.appending(path: "tmp/1-1.tmp"))
        try fixture.open().newRun(plan: [:]).finish(summary: [:])
        #expect(try fixture.files(under: "tmp").count == 1)
        #expect(try writer.finish().rows == 1)
    }

    @Test("artifacts written by many tasks at once are all whole")
    func manyTasks() async throws {
        let references = try await withThrowingTaskGroup { group in
            for task in 0..<8 {
                group.addTask { [store] in try store.write((0..<200).map { Sample($0 + task % 4) }) }
            }
            return try await group.reduce(into: Set<ArtifactReference>()) { $0.insert($1) }
        }
        #expect(references.count == 4)
        for reference in references { try store.verify(reference) }
    }
}
