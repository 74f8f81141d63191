import Artifacts
import Foundation
import Testing

/// What a stage does, from claim to commit, as the child processes of these tests run it.
private func runStage(in root: String) throws -> CommitOutcome? {
    let store = try ArtifactStore.open(URL(filePath: root), create: true)
    let stageKey = key("stage")
    guard let claim = try store.claim(stageKey) else { return nil }
    let staging = try store.staging(for: stageKey)
    var rows: [Sample] = []
    for shard in 0..<3 {
        let name = "shard-\(shard)"
        if let finished = try staging.rows(name, as: Sample.self) {
            rows += finished
            continue
        }
        let made = (0..<5).map { Sample(shard * 5 + $0) }
        try staging.publish(rows: made, as: name)
        rows += made
    }
    let weights = try store.ingest(bytes: [1, 2, 3])
    let writer = try store.writer(of: Sample.self)
    try writer.append(contentsOf: rows)
    return try store.commit(
        record("stage", outputs: ["rows": writer.finish()], blobs: [weights.digest]), claim: claim)
}

@Suite("Crashes", .timeLimit(.minutes(20)))
struct CrashTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    /// Runs the stage in a process that dies at the `visit`th visit of `failpoint`.
    private func crash(at failpoint: Failpoint, visit: Int) async {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [root = fixture.root.path as String, plan = "\(failpoint.rawValue):kill:\(visit)" as String] in
            setenv("PIPELINE_FAILPOINT", plan, 1)
            _ = try runStage(in: root)
        }
    }

    @Test(
        "killed at any step, the stage is not done or wholly done, and the next run ends with the same content",
        arguments: [
            (.write, [1, 2, 3, 5, 9]), (.written, [1, 4, 7, 8]), (.synchronise, [2]), (.synchronised, [1, 2, 7]),
            (.linked, [1, 2, 3]), (.staged, [1, 3]), (.outputsPlaced, [1]), (.recordPlaced, [1]), (.indexed, [1]),
        ] as [(Failpoint, [Int])])
    func killed(failpoint: Failpoint, visits: [Int]) async throws {
        let undisturbed = try StoreFixture()
        #expect(try runStage(in: undisturbed.root.path) == .accepted)
        let expected = try #require(try undisturbed.open().stageRecord(for: key("stage")))
        for visit in visits {
            try? FileManager.default.removeItem(at: fixture.root)
            await crash(at: failpoint, visit: visit)

            let store = try fixture.open()
            let before = try store.stageRecord(for: key("stage"))
            #expect((before != nil) == (failpoint == .indexed))
            if let before { #expect(try store.problems(of: before).isEmpty) }
            #expect(try runStage(in: fixture.root.path) == (failpoint == .indexed ? .alreadyAccepted : .accepted))
            let after = try #require(try store.stageRecord(for: key("stage")))
            #expect(after.outputs == expected.outputs)
            for output in after.outputs.values { try store.verify(output) }

            // Whatever the dead process left half-written goes when the next run begins.
            try store.newRun(plan: [:]).finish(summary: [:])
            #expect(try fixture.files(under: "tmp").isEmpty)
            #expect(try fixture.files(under: "staging").isEmpty)
            #expect(try fixture.files(under: "objects") == undisturbed.files(under: "objects"))
        }
    }

    @Test("killed twice in a row, finished shards are still kept")
    func shardsSurvive() async throws {
        await crash(at: .staged, visit: 2)
        let first = try fixture.open().staging(for: key("stage")).names()
        #expect(first == ["shard-0"])
        await crash(at: .staged, visit: 2)
        #expect(try fixture.open().staging(for: key("stage")).names() == ["shard-0", "shard-1"])
        #expect(try runStage(in: fixture.root.path) == .accepted)
    }

    @Test(
        "a checkpoint survives the death of the process that was replacing it",
        arguments: [
            Failpoint.write, .written, .synchronised, .staged,
        ])
    func replacingCheckpoint(failpoint: Failpoint) async throws {
        let staging = try fixture.open().staging(for: key("stage"))
        try staging.publish("checkpoint") { try $0.write([1]) }
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [root = fixture.root.path as String, plan = "\(failpoint.rawValue):kill" as String] in
            setenv("PIPELINE_FAILPOINT", plan, 1)
            let store = try ArtifactStore.open(URL(filePath: root), create: false)
            try store.staging(for: key("stage")).publish("checkpoint") { try $0.write([2]) }
        }
        let url = try #require(try staging.open("checkpoint"))
        #expect(Array(try Data(contentsOf: url)) == [1])
    }

    @Test("a full disk at any write is a typed error, nothing half-published", arguments: [1, 2, 3, 4, 6, 8, 9, 10])
    func fullDisk(visit: Int) async throws {
        await #expect(processExitsWith: .success) { [root = fixture.root.path as String, visit = visit as Int] in
            setenv("PIPELINE_FAILPOINT", "write:full:\(visit)", 1)
            do {
                _ = try runStage(in: root)
                exit(1)
            } catch ArtifactError.system(_, _, code: ENOSPC) {
                // As it should be.
            }
        }
        let store = try fixture.open()
        #expect(try store.stageRecord(for: key("stage")) == nil)
        #expect(try fixture.files(under: "tmp").isEmpty)
        #expect(try fixture.files(under: "records").isEmpty)
        #expect(try runStage(in: fixture.root.path) == .accepted)
    }

    @Test("a failed fsync fails the attempt and leaves no object")
    func failedSynchronise() async throws {
        await #expect(processExitsWith: .success) { [root = fixture.root.path as String] in
            setenv("PIPELINE_FAILPOINT", "synchronise:full", 1)
            let store = try ArtifactStore.open(URL(filePath: root), create: true)
            do {
                _ = try store.write([Sample(1)])
                exit(1)
            } catch ArtifactError.system {
                // As it should be.
            }
        }
        #expect(try fixture.files(under: "objects").isEmpty)
        #expect(try fixture.files(under: "tmp").isEmpty)
    }

    @Test("a file size limit of the system is a typed error with a remedy")
    func fileSizeLimit() async throws {
        await #expect(processExitsWith: .success) { [root = fixture.root.path as String] in
            let store = try ArtifactStore.open(URL(filePath: root), create: true)
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            do {
                _ = try store.ingest(bytes: [UInt8](repeating: 7, count: 200_000))
                exit(1)
            } catch let error as ArtifactError {
                let text = "\(error)"
                guard text.contains("cannot write"), text.contains("ulimit -f") else { exit(2) }
            }
        }
        #expect(try fixture.files(under: "blobs").isEmpty)
        #expect(try fixture.files(under: "tmp").isEmpty)
    }

    @Test("several processes that run one stage on one store at once agree, and one does it")
    func concurrentProcesses() async throws {
        await withTaskGroup { group in
            for _ in 0..<4 {
                group.addTask { [root = fixture.root.path] in
                    await #expect(processExitsWith: .success) { [root = root as String] in
                        let store = try ArtifactStore.open(URL(filePath: root), create: true)
                        let claim = try await store.claimWaiting(key("stage"), poll: .milliseconds(5))
                        if try store.stageRecord(for: key("stage")) == nil {
                            claim.release()
                            _ = try runStage(in: root)
                        }
                    }
                }
            }
        }
        let store = try fixture.open()
        let record = try #require(try store.stageRecord(for: key("stage")))
        #expect(try store.problems(of: record).isEmpty)
        #expect(try fixture.files(under: "records").count == 1)
        #expect(try fixture.files(under: "tmp").isEmpty)
    }
}
