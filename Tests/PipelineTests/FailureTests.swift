import Artifacts
import Foundation
import Pipeline
import Testing

@Suite("Failures and stopping")
struct FailureTests {
    static let plan = """
        stages:
          good: {stage: constant}
          bad: {stage: fragile, params: {fault: throw}}
          after: {stage: add, inputs: {numbers: bad}}
          last: {stage: sum, inputs: {terms: [good, after]}}
          beside: {stage: add, inputs: {numbers: good}}
        """

    @Test("a failed stage stops what depends on it, and without keepGoing nothing new is started")
    func failFast() async throws {
        let outcome = try await Workplace().run(Self.plan, options: RunOptions(cores: 1))
        #expect(
            outcome.outcomes == [
                "good ran", "bad failed", "after skipped", "last skipped", "beside not-started",
            ])
        #expect(outcome.outcome("bad") == .failed(message: "it broke"))
        #expect(outcome.outcome("last") == .skipped(cause: "bad"))
        #expect(outcome.report.hasFailures)
    }

    @Test("with keepGoing everything that does not depend on it still runs")
    func keepGoing() async throws {
        let outcome = try await Workplace().run(Self.plan, options: RunOptions(cores: 1, keepsGoing: true))
        #expect(
            outcome.outcomes == ["good ran", "bad failed", "after skipped", "last skipped", "beside ran"])
    }

    @Test("a failure is not recorded: the next run tries again")
    func failuresAreNotCached() async throws {
        let workplace = try Workplace(
            "stages: {once: {stage: fragile, params: {tag: not-cached}}}")
        Trouble.cause("not-cached", times: 1)
        #expect(try await workplace.run().outcomes == ["once failed"])
        #expect(try await workplace.run().outcomes == ["once ran"])
    }

    @Test("a stage that may be retried is, and says so")
    func retries() async throws {
        let workplace = try Workplace(
            "stages: {shaky: {stage: fragile, params: {tag: retried}, exec: {retries: 2}}}")
        Trouble.cause("retried", times: 2)
        let outcome = try await workplace.run()
        #expect(outcome.outcomes == ["shaky ran"])
        let failures = outcome.events.compactMap { event -> Int? in
            if case .stageFailed("shaky", "it broke", let retries) = event { retries } else { nil }
        }
        #expect(failures == [2, 1])
    }

    @Test("a stopped run ends in good order, keeps what was finished, and the next one goes on")
    func stopping() async throws {
        let workplace = try Workplace(
            """
            stages:
              quick: {stage: constant}
              slow: {stage: patient, inputs: {}}
              never: {stage: add, inputs: {numbers: slow}}
            """)
        let events = EventList()
        let (started, continuation) = AsyncStream<Void>.makeStream()
        let executor = try Executor(plan: workplace.load(), store: workplace.store(), options: RunOptions(cores: 2)) {
            events.append($0)
            if case .progress = $0 { continuation.finish() }
        }
        async let running = executor.run()
        for await _ in started {}
        executor.stop()
        let report = try await running
        #expect(report.wasInterrupted)
        #expect(!report.hasFailures)
        #expect(report.stages.map(\.outcome) == [.ran, .interrupted, .notStarted])
        let next = try await workplace.run(settings: ["slow.looks=1"])
        #expect(next.outcomes == ["quick cached", "slow ran", "never ran"])
    }

    @Test("a run whose results cannot be given names still reports, and leaves its summary")
    func namesCannotBeNoted() async throws {
        let workplace = try Workplace("stages: {one: {stage: constant}}")
        try await workplace.run()
        // One key under another name: that is all there is to note.
        try workplace.write("stages: {another: {stage: constant}}", to: "plan.yaml")
        let store = try workplace.store()
        let events = EventList()
        let executor = try Executor(plan: workplace.load(), store: store, options: RunOptions(cores: 2)) {
            events.append($0)
            // SQLite refuses to write to a file that has lost its name.
            if case .stageFinished = $0 {
                try? FileManager.default.removeItem(atPath: workplace.path("store/index.sqlite"))
            }
        }
        let outcome = Outcome(report: try await executor.run(), events: events.all)
        #expect(outcome.outcomes == ["another cached"])
        #expect(outcome.warnings.count == 1)
        #expect(outcome.warnings.first?.hasPrefix("the names of this run's results cannot be noted: ") == true)
        #expect(try store.runs().first?.summary?["stages"]?["cached"] == 1)
    }

    @Test("cancelling the task stops the run at once")
    func cancelling() async throws {
        let workplace = try Workplace("stages: {slow: {stage: patient}}")
        let (started, continuation) = AsyncStream<Void>.makeStream()
        let executor = try Executor(plan: workplace.load(), store: workplace.store(), options: RunOptions(cores: 2)) {
            if case .progress = $0 { continuation.finish() }
        }
        let task = Task { try await executor.run() }
        for await _ in started {}
        task.cancel()
        let report = try await task.value
        #expect(report.wasInterrupted)
        #expect(report.stages.map(\.outcome) == [.interrupted])
    }
}

@Suite("Shards")
struct ShardTests {
    @Test("an interrupted list goes on where it stopped, with the digest of an undisturbed run")
    func resume() async throws {
        let workplace = try Workplace(
            "stages: {squares: {stage: square, params: {tag: resumed}, exec: {shard_size: 3}}}")
        Trouble.cause("resumed", from: 6)
        let first = try await workplace.run()
        #expect(first.outcome("squares") == .failed(message: "the lights went out"))
        #expect(first.shards.map(\.rows) == [3, 3])
        Trouble.end("resumed")
        let second = try await workplace.run()
        #expect(second.shards.map(\.wasKept) == [true, true, false, false])
        #expect(try workplace.values(second, "squares") == [0, 1, 4, 9, 16, 25, 36, 49, 64, 81])

        let undisturbed = try await Workplace().run("stages: {squares: {stage: square, params: {tag: resumed}}}")
        #expect(second.digest("squares") == undisturbed.digest("squares"))
    }

    @Test("finished shards fit even where the next run asks for another shard size")
    func otherShardSize() async throws {
        let plan = "stages: {squares: {stage: square, params: {tag: other-size}, exec: {shard_size: 4}}}"
        let workplace = try Workplace(plan)
        Trouble.cause("other-size", from: 8)
        try await workplace.run()
        Trouble.end("other-size")
        let second = try await workplace.run(plan.replacingOccurrences(of: "shard_size: 4", with: "shards: 5"))
        #expect(second.shards.map(\.wasKept) == [true, true, false])
        #expect(second.shards.map(\.rows) == [4, 4, 2])
    }

    @Test("a shard whose bytes changed is computed again")
    func damagedShard() async throws {
        let workplace = try Workplace(
            "stages: {squares: {stage: square, params: {tag: damaged}, exec: {shard_size: 5}}}")
        Trouble.cause("damaged", from: 5)
        try await workplace.run()
        Trouble.end("damaged")
        let staging = workplace.folder.appending(path: "store/staging")
        let files = FileManager.default.subpaths(atPath: staging.path)?.filter { $0.contains("squares-0-5@") } ?? []
        let shard = staging.appending(path: try #require(files.first))
        var bytes = try Data(contentsOf: shard)
        bytes[bytes.count / 2] ^= 1
        try FileManager.default.removeItem(at: shard)
        try bytes.write(to: shard)
        let second = try await workplace.run()
        #expect(second.shards.map(\.wasKept) == [false, false])
        #expect(second.outcomes == ["squares ran"])
    }

    @Test(
        "a staged layout that no run wrote is kept within the rows there are",
        arguments: [Int.max, Int.max - 1, 11])
    func absurdLayout(rowsPerShard: Int) async throws {
        let workplace = try Workplace(
            "stages: {squares: {stage: square, params: {tag: layout \(rowsPerShard)}, exec: {shard_size: 5}}}")
        Trouble.cause("layout \(rowsPerShard)")
        let key = try #require(try await workplace.run().report.stages.first?.key)
        let layout: JSONValue = ["items": 10, "rowsPerShard": .integer(Int64(rowsPerShard))]
        try workplace.store().staging(for: key).publish("squares-layout") {
            try $0.write(CanonicalJSON.encode(layout))
        }
        Trouble.end("layout \(rowsPerShard)")
        let second = try await workplace.run()
        #expect(second.shards.map(\.rows) == [10])
        #expect(try workplace.values(second, "squares") == (0..<10).map { $0 * $0 })
    }

    @Test(
        "the result does not depend on the shard size",
        arguments: [
            "shard_size: 1", "shard_size: 7", "shards: 2", "shard_size: \(Int.max)", "shards: \(Int.max)",
            "shards: \(Int.max - 8)",
        ])
    func shardSize(exec: String) async throws {
        let outcome = try await Workplace().run("stages: {squares: {stage: square, exec: {\(exec)}}}")
        let whole = try await Workplace().run("stages: {squares: {stage: square, exec: {shard_size: 100}}}")
        #expect(outcome.digest("squares") == whole.digest("squares"))
    }

    @Test(
        "so many shards of about equal size",
        arguments: [(10, 4, 3), (10, 3, 4), (2, 5, 1), (0, 3, 1), (3, Int.max, 1), (3, 0, 3)])
    func sizes(items: Int, shards: Int, rows: Int) {
        #expect(ShardSize.shards(shards).rows(of: items) == rows)
    }

    /// Two stages that read one file each; the second file makes its stage fail.
    private func refusing(_ text: String) throws -> Workplace {
        let workplace = try Workplace(
            """
            sources: {good: {path: good.txt}, bad: {path: bad.txt}}
            stages:
              first: {stage: read, inputs: {file: good}}
              second: {stage: read, inputs: {file: bad}}
            """)
        try workplace.write("4\n5\n", to: "good.txt")
        try workplace.write(text, to: "bad.txt")
        return workplace
    }

    @Test("a source that its stage refuses leaves no copy in the store; one that a result was made of stays")
    func refusedSource() async throws {
        let workplace = try refusing("four\n")
        let outcomes = try await workplace.run(options: RunOptions(cores: 2, keepsGoing: true)).outcomes
        #expect(outcomes == ["first ran", "second failed"])
        #expect(try workplace.blobs() == ["4\n5\n"])
    }

    @Test("the same content as a source of a result that stands is kept, whoever refuses it now")
    func sharedSource() async throws {
        let workplace = try refusing("4\n5\n")
        try await workplace.run()
        Trouble.cause("refused-source", times: 1)
        try await workplace.run(
            """
            sources: {good: {path: good.txt}}
            stages: {third: {stage: read, inputs: {file: good}, params: {tag: refused-source}}}
            """)
        #expect(try workplace.blobs() == ["4\n5\n"])
    }

    @Test("while another run is under way nothing is taken back, since it may be about to use it")
    func refusedBesideAnotherRun() async throws {
        let workplace = try refusing("four\n")
        let other = try workplace.store().newRun(plan: [:])
        try await workplace.run(options: RunOptions(cores: 2, keepsGoing: true))
        #expect(try workplace.blobs() == ["4\n5\n", "four\n"])
        try other.finish(summary: [:])
        try await workplace.run(options: RunOptions(cores: 2, keepsGoing: true))
        #expect(try workplace.blobs() == ["4\n5\n"])
    }
}
