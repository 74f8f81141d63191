import Artifacts
import Foundation

/// What a run does to a store, in the order in which the executor does it. It can be done again on whatever is there.
struct ScriptedRun {
    /// What a stage does before its commit.
    struct Work {
        var shards = 0
        var checkpoints: UInt8 = 0
        var blobs = 0
        /// Contents of files from outside that its result names.
        var sources: [String] = []
        /// Changes the bytes of the output.
        var salt = 0
    }

    let store: ArtifactStore
    let promise: (Promise) -> Void

    init(_ store: ArtifactStore, promise: @escaping (Promise) -> Void = { _ in }) {
        self.store = store
        self.promise = promise
    }

    /// In the store at `root`, which is made where there is none.
    init(_ root: URL, promise: @escaping (Promise) -> Void = { _ in }) throws {
        self.init(try ArtifactStore.open(root, create: true), promise: promise)
    }

    /// A run from its beginning, which sweeps, to its summary.
    func run(_ stages: () throws -> Void) throws {
        let run = try store.newRun(plan: [:], startedAt: Date(timeIntervalSince1970: 1_700_000_000))
        try run.append(event: ["event": "run_started"])
        try stages()
        try run.finish(summary: ["exit": 0])
    }

    /// A stage as it is asked for by a plan: reused where it is done, else computed with what is left in staging.
    func stage(_ name: String, _ work: Work = Work()) throws {
        let key = key(name)
        if let record = try store.stageRecord(for: key), try store.problems(of: record).isEmpty {
            promise(.reused(key))
            return try store.clearStaging(of: key)
        }
        promise(.ran(key))
        try compute(name, work)
    }

    /// A stage that is run whether or not it was done before.
    func compute(_ name: String, _ work: Work) throws {
        let key = key(name)
        guard let claim = try store.claim(key) else { throw Blocked() }
        defer { claim.release() }
        let staging = try store.staging(for: key)
        var rows = [Sample(work.salt)]
        for shard in 0..<work.shards { rows += try self.shard(shard, of: name, in: staging) }
        for version in try nextCheckpoint(in: staging)..<(work.checkpoints + 1) {
            try publish("checkpoint", of: name, in: staging) {
                try $0.publish("checkpoint") { try $0.write(Self.checkpoint(version)) }
            }
        }
        var digests = try (0..<work.blobs).map { try ingest("\(name) weights \($0)").digest }
        digests += try work.sources.map { try ingestFile($0).digest }
        let writer = try store.writer(of: Sample.self)
        try writer.append(contentsOf: rows)
        let output = try writer.finish()
        promise(.stored(output))
        let made = record(name, outputs: ["rows": output], stage: name, blobs: digests)
        try store.commit(made, claim: claim)
        if let accepted = try store.stageRecord(for: key) { promise(.done(accepted)) }
    }

    /// Takes a file from outside in, which writes nothing where the store has its content already.
    private func ingestFile(_ text: String) throws -> ArtifactReference {
        let source = store.root.deletingLastPathComponent().appending(path: "source")
        try Data(text.utf8).write(to: source)
        return try store.ingest(file: source)
    }

    @discardableResult
    func ingest(_ text: String) throws -> ArtifactReference {
        let reference = try store.ingest(bytes: Array(text.utf8))
        promise(.stored(reference))
        return reference
    }

    func takeBack(_ sources: [ArtifactReference]) throws {
        for source in sources { promise(.givenUp(source)) }
        try store.takeBack(sources)
    }

    private func shard(_ number: Int, of stage: String, in staging: StagingFolder) throws -> [Sample] {
        let name = "shard-\(number)"
        if let finished = try staging.rows(name, as: Sample.self) { return finished }
        let rows = (0..<2).map { Sample(number * 2 + $0) }
        try publish(name, of: stage, in: staging) { try $0.publish(rows: rows, as: name) }
        return rows
    }

    private func publish(
        _ name: String, of stage: String, in staging: StagingFolder, _ body: (StagingFolder) throws -> Void
    ) throws {
        try body(staging)
        guard let url = try staging.open(name) else { return }
        promise(.staged(PieceName(key: key(stage), name: name), Array(try Data(contentsOf: url))))
    }

    private func nextCheckpoint(in staging: StagingFolder) throws -> UInt8 {
        try staging.open("checkpoint").flatMap { try Data(contentsOf: $0).first }.map { $0 + 1 } ?? 1
    }

    /// The state of a training after `version` steps.
    private static func checkpoint(_ version: UInt8) -> [UInt8] {
        [version] + [UInt8](repeating: 0xA0 + version, count: 20)
    }

    /// Somebody holds a lock who is long dead.
    struct Blocked: Error {}
}
