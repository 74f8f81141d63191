import Artifacts
import Foundation
import Pipeline
import Testing

@Suite("Cores and memory")
struct ResourceTests {
    /// Two stages of one party; `exec` and more parameters as given.
    private func pair(_ kind: String, _ party: String, params: String = "", exec: String = "{}") -> String {
        let stages = ["a", "b"].map {
            "  \($0): {stage: \(kind), params: {party: \(party), name: \($0)\(params)}, exec: \(exec)}"
        }
        return "stages:\n" + stages.joined(separator: "\n")
    }

    @Test("two light stages run side by side: each waits for the other to be there")
    func sideBySide() async throws {
        let outcome = try await Workplace().run(
            pair("light", "side-by-side", params: ", awaits: 2"), options: RunOptions(cores: 2))
        #expect(outcome.outcomes == ["a ran", "b ran"])
    }

    @Test("two heavy stages take turns, however many cores there are", arguments: [2, 64])
    func turns(cores: Int) async throws {
        let party = "turns-\(cores)"
        let outcome = try await Workplace().run(
            pair("heavy", party, params: ", lingers: 20"), options: RunOptions(cores: cores))
        #expect(outcome.outcomes == ["a ran", "b ran"])
        #expect(Crowd.most(party) == 1)
    }

    @Test("'cpus' is what a stage takes: heavy ones fit beside each other, light ones no longer do")
    func cpus() async throws {
        let heavy = try await Workplace().run(
            pair("heavy", "cpus-1", params: ", awaits: 2", exec: "{cpus: 1}"), options: RunOptions(cores: 2))
        #expect(heavy.outcomes == ["a ran", "b ran"])
        let light = try await Workplace().run(
            pair("light", "cpus-2", params: ", lingers: 20", exec: "{cpus: 2}"), options: RunOptions(cores: 3))
        #expect(light.outcomes == ["a ran", "b ran"])
        #expect(Crowd.most("cpus-2") == 1)
    }

    @Test("stages that need more memory together than there is take turns")
    func memory() async throws {
        let outcome = try await Workplace().run(
            pair("light", "memory", params: ", lingers: 20", exec: "{memory: 3GiB}"),
            options: RunOptions(cores: 8, memory: 4 << 30))
        #expect(outcome.outcomes == ["a ran", "b ran"])
        #expect(Crowd.most("memory") == 1)
    }

    @Test(
        "a stage has as many threads as cores, unless it says otherwise",
        arguments: [
            ("light", "{}", 1), ("light", "{cpus: 3}", 3), ("light", "{cpus: 3, threads: 2}", 2),
            ("heavy", "{}", 4), ("heavy", "{cpus: 3}", 3), ("heavy", "{cpus: 2, threads: 4}", 4),
        ])
    func threads(kind: String, exec: String, expected: Int) async throws {
        let workplace = try Workplace("stages: {a: {stage: \(kind), exec: \(exec)}}")
        let outcome = try await workplace.run(options: RunOptions(cores: 4))
        #expect(try workplace.values(outcome, "a") == [expected])
    }

    // MARK: Refusals

    private func refusal(_ workplace: Workplace, _ options: RunOptions) async -> String {
        do {
            try await workplace.run(options: options)
            return "no error"
        } catch {
            return "\(error)".replacingOccurrences(of: workplace.folder.path + "/", with: "")
        }
    }

    @Test("a stage that needs more cores than there are is refused before anything runs")
    func tooFewCores() async throws {
        let workplace = try Workplace("stages:\n  a: {stage: constant}\n  b: {stage: light, exec: {cpus: 8}}")
        #expect(
            await refusal(workplace, RunOptions(cores: 2)) == """
                stage 'b' needs 8 cores ('exec.cpus'), and this run has 2 (plan.yaml:3:34); ask for fewer, give the run \
                more with --threads, or use a larger machine
                  3 |   b: {stage: light, exec: {cpus: 8}}
                    |                                  ^
                """)
        #expect(try workplace.store().runs().isEmpty)
        #expect(await refusal(workplace, RunOptions(cores: 8)) == "no error")
        // A result that is at hand needs no cores.
        #expect(await refusal(workplace, RunOptions(cores: 2)) == "no error")
    }

    @Test("so is one that needs more memory; without a limit none is")
    func tooLittleMemory() async throws {
        let workplace = try Workplace("stages:\n  b: {stage: light, exec: {memory: 1.5GiB}}")
        #expect(
            await refusal(workplace, RunOptions(cores: 2, memory: 1 << 30)) == """
                stage 'b' needs 1.5 GiB of memory ('exec.memory'), and this run has 1 GiB (plan.yaml:2:36); ask for \
                less, give the run more with --memory, or use a larger machine
                  2 |   b: {stage: light, exec: {memory: 1.5GiB}}
                    |                                    ^~~~~~
                """)
        #expect(await refusal(workplace, RunOptions(cores: 2)) == "no error")
    }

    @Test("what is not asked for needs nothing")
    func besideTargets() async throws {
        let workplace = try Workplace("stages:\n  a: {stage: constant}\n  b: {stage: light, exec: {cpus: 8}}")
        #expect(await refusal(workplace, RunOptions(cores: 2, targets: ["a"])) == "no error")
    }
}

@Suite("Time limits")
struct TimeLimitTests {
    private static let hasty = RunOptions(cores: 2, grace: .milliseconds(5))

    @Test("a stage that takes longer than its limit fails, and the message says the limit and the remedy")
    func timedOut() async throws {
        let outcome = try await Workplace().run(
            "stages: {slow: {stage: patient, exec: {timeout: 0.02s}}}", options: Self.hasty)
        #expect(
            outcome.outcome("slow")
                == .failed(
                    message: """
                        stage 'slow' took longer than the 0.02s of its 'exec.timeout'; what it finished is kept: run \
                        again to go on from there, or give it more time
                        """))
        #expect(!outcome.report.wasInterrupted)
    }

    @Test("the shards it finished are kept, for the next attempt of this run and for the next run")
    func shardsStay() async throws {
        let workplace = try Workplace(
            """
            stages:
              slow: {stage: stalling, params: {tag: stalled}, exec: {shard_size: 2, retries: 1, timeout: 0.3s}}
            """)
        Trouble.cause("stalled", times: 1, from: 2)
        let outcome = try await workplace.run(options: Self.hasty)
        #expect(outcome.outcomes == ["slow ran"])
        #expect(outcome.shards.map(\.wasKept) == [false, true, false, false])
        #expect(try workplace.values(outcome, "slow") == [0, 1, 2, 3, 4, 5])
        let failures = outcome.events.compactMap { event -> Int? in
            if case .stageFailed("slow", _, let retries) = event { retries } else { nil }
        }
        #expect(failures == [1])
    }

    @Test("a stage that ends in time is not disturbed by its limit")
    func inTime() async throws {
        let outcome = try await Workplace().run("stages: {quick: {stage: constant, exec: {timeout: 1h}}}")
        #expect(outcome.outcomes == ["quick ran"])
    }

    @Test("stopping a run is no failure of a stage with a limit")
    func stopped() async throws {
        let workplace = try Workplace("stages: {slow: {stage: patient, exec: {timeout: 1h}}}")
        let (started, continuation) = AsyncStream<Void>.makeStream()
        let executor = try Executor(plan: workplace.load(), store: workplace.store(), options: Self.hasty) {
            if case .progress = $0 { continuation.finish() }
        }
        async let running = executor.run()
        for await _ in started {}
        executor.stop()
        #expect(try await running.stages.map(\.outcome) == [.interrupted])
    }
}
