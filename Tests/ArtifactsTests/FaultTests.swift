import Artifacts
import Foundation
import Testing

/// A disk that refuses, at every step of a whole run.
@Suite("Faults of the disk", .timeLimit(.minutes(20)))
struct FaultTests {
    private let undisturbed: StoreContent
    private let steps: [FileStep]

    init() throws {
        let plan = FaultPlan()
        let fixture = try StoreFixture()
        try FileSystem.$observer.withValue(plan) { try Self.run(in: fixture) }
        steps = plan.steps
        undisturbed = try StoreContent(of: fixture.open())
    }

    /// A run with one stage, which has everything that a stage can have.
    private static func run(in fixture: StoreFixture) throws {
        let run = try ScriptedRun(fixture.root)
        try run.run { try run.stage("a", .init(shards: 1, checkpoints: 2, blobs: 1)) }
    }

    /// Runs under `plan`, then again without it, which must end as if nothing had been.
    /// - Returns: the error of the first run; nil where it came to its end.
    private func attempt(_ plan: FaultPlan) throws -> (any Error)? {
        let fixture = try StoreFixture()
        var failure: (any Error)?
        do {
            try FileSystem.$observer.withValue(plan) { try Self.run(in: fixture) }
        } catch {
            failure = error
        }
        if FileManager.default.fileExists(atPath: fixture.root.path) {
            // Opening makes what is missing: the store, if that failed so early, is empty.
            let content = try StoreContent(of: fixture.open())
            #expect(content.holdsNothingBut(undisturbed))
            if failure == nil { #expect(undisturbed.holdsNothingBut(content)) }
        }
        try Self.run(in: fixture)
        #expect(try StoreContent(of: fixture.open()) == undisturbed)
        return failure
    }

    @Test(
        "an error at any step is a typed one, nothing is half-published, and the next run is fine",
        arguments: [ENOSPC, EIO, EMFILE])
    func everyStep(code: Int32) async throws {
        #expect(steps.count > 100)
        for failing in steps.indices {
            // Other tests have time limits, and want a thread now and then.
            await Task.yield()
            let plan = FaultPlan { number, _ in number == failing ? .error(code) : nil }
            switch try attempt(plan) {
            case nil:
                #expect(Self.mayBeIgnored(steps[failing]), "\(steps[failing].verb) \(steps[failing].path)")
            case ArtifactError.system(let operation, _, let found)?:
                #expect(found == code)
                #expect(operation == plan.steps[failing].verb)
            case let error?: Issue.record("\(steps[failing].verb): \(error)")
            }
            if case .synchronise(let path) = plan.steps[failing] {
                #expect(!plan.steps[(failing + 1)...].contains(.synchronise(path)), "a failed fsync was repeated")
            }
        }
    }

    /// Tidying up and looking for what may be made again are allowed to fail.
    private static func mayBeIgnored(_ step: FileStep) -> Bool {
        switch step {
        case .remove, .removeFolder: true
        case .open(let path), .read(let path): path.hasSuffix(".ok.json")
        default: false
        }
    }

    @Test("writes that take a byte at a time are continued")
    func shortWrites() throws {
        #expect(try attempt(FaultPlan { _, _ in .short(1) }) == nil)
    }

    @Test("a disk that fills up within a write leaves no torn file")
    func fillsUpWithinWrite() throws {
        for (failing, step) in steps.enumerated() {
            guard case .write = step else { continue }
            let plan = FaultPlan { number, _ in
                number == failing ? .short(3) : number == failing + 1 ? .error(ENOSPC) : nil
            }
            let failure = try #require(try attempt(plan) as? ArtifactError)
            #expect("\(failure)".hasSuffix("; free some space and run again, finished work is kept"))
        }
    }

    @Test("a store that may not be written to can be read; writing is an error with a remedy")
    func readOnly() async throws {
        let fixture = try StoreFixture()
        try Self.run(in: fixture)
        let paths = try FileManager.default.subpathsOfDirectory(atPath: fixture.root.path)
        for path in [fixture.root.path] + paths.map({ fixture.root.path + "/" + $0 }) {
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            chmod(path, isFolder.boolValue ? 0o555 : 0o444)
        }
        await #expect(processExitsWith: .success) { [root = fixture.root.path as String] in
            // Permissions do not bind root.
            guard geteuid() != 0 || setuid(65534) == 0 else { exit(1) }
            let store = try ArtifactStore.open(URL(filePath: root), create: false)
            guard let record = try store.stageRecord(for: key("a")), try store.problems(of: record).isEmpty else {
                exit(2)
            }
            for output in record.outputs.values { try store.verify(output) }
            do {
                try ScriptedRun(store).stage("b")
                exit(3)
            } catch ArtifactError.system(let operation, let path, let code) {
                let text = "\(ArtifactError.system(operation: operation, path: path, code: code))"
                guard text.contains("name another store with --store") else { exit(4) }
            }
        }
        for path in [fixture.root.path] + paths.map({ fixture.root.path + "/" + $0 }) { chmod(path, 0o755) }
        try Self.run(in: fixture)
        #expect(try StoreContent(of: fixture.open()) == undisturbed)
    }

    @Test("a clock that goes backwards changes the order of a list, and no result")
    func clock() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        for (name, createdAt) in [("a", "2024-06-01T00:00:00Z"), ("b", "2020-01-01T00:00:00Z")] {
            let claim = try #require(try store.claim(key(name)))
            let output = try store.write([Sample(name == "a" ? 1 : 2)])
            try store.commit(record(name, outputs: ["rows": output], createdAt: createdAt), claim: claim)
        }
        try store.newRun(plan: [:], startedAt: Date(timeIntervalSince1970: 2_000_000_000)).finish(summary: [:])
        try store.newRun(plan: [:], startedAt: Date(timeIntervalSince1970: 1_000_000_000)).finish(summary: [:])
        try FileManager.default.removeItem(at: fixture.root.appending(path: "index.sqlite"))
        let rebuilt = try fixture.open()
        for name in ["a", "b"] {
            let found = try #require(try rebuilt.stageRecord(for: key(name)))
            #expect(try found == store.stageRecord(for: key(name)))
            #expect(try rebuilt.problems(of: found).isEmpty)
        }
        #expect(try rebuilt.runs().count == 2)
    }
}
