import Artifacts
import Foundation
import Pipeline
import Testing

@Suite("Executor")
struct ExecutorTests {
    /// Two constants, each changed, then joined: (1, 2, 3) + 10 and (4, 5) mod 2.
    static let diamond = """
        pipeline: diamond
        seed: 1
        stages:
          left: {stage: constant}
          right: {stage: constant, params: {values: [4, 5]}}
          more: {stage: add, inputs: {numbers: left}, params: {amount: 10}}
          rest: {stage: modulo, inputs: {numbers: right}}
          all: {stage: sum, inputs: {terms: [more, rest]}}
          end: {stage: add, inputs: {numbers: all.total}}
        """

    @Test("stages run after what they read, in the order of the plan, with the right results")
    func order() async throws {
        let workplace = try Workplace()
        let outcome = try await workplace.run(Self.diamond, options: RunOptions(cores: 1))
        #expect(outcome.started == ["left", "right", "more", "rest", "all", "end"])
        #expect(outcome.report.counts.ran == 6)
        #expect(try workplace.values(outcome, "all", "total") == [11, 12, 13, 0, 1])
        #expect(try workplace.values(outcome, "end") == [12, 13, 14, 1, 2])
        #expect(outcome.report.stages.allSatisfy { $0.decision == .miss(.neverRan) })
    }

    @Test("a second run runs nothing and gives the same results and summaries")
    func secondRun() async throws {
        let workplace = try Workplace()
        let first = try await workplace.run(Self.diamond)
        let second = try await workplace.run()
        #expect(second.started.isEmpty)
        #expect(second.report.counts.cached == 6)
        #expect(second.report.stages.map(\.outputs) == first.report.stages.map(\.outputs))
        #expect(second.report.stages[0].summary == ["rows": 3])
    }

    @Test("changing a parameter runs that stage and what depends on its content, and says which parameter")
    func parameterChange() async throws {
        let workplace = try Workplace()
        try await workplace.run(Self.diamond)
        let outcome = try await workplace.run(settings: ["more.amount=20"])
        #expect(outcome.started == ["more", "all", "end"])
        #expect(outcome.decision("more") == .miss(.parameterChanged(path: "amount", old: 10, new: 20)))
        #expect(outcome.outcome("rest") == .cached)
        guard case .miss(.inputChanged(let port, let old, let new)) = outcome.decision("all") else {
            Issue.record("'all' ran because of \(String(describing: outcome.decision("all")))")
            return
        }
        #expect(port == "terms" && old.count == 2 && new.count == 2)
        // The second term did not change.
        #expect(old[0] != new[0] && old[1] == new[1])
    }

    @Test("a stage that gives the same content as before is the end of a change")
    func earlyCutOff() async throws {
        let workplace = try Workplace()
        try await workplace.run(Self.diamond)
        // 6 and 9 leave the same remainders as 4 and 5.
        let outcome = try await workplace.run(settings: ["right.values=[6, 9]"])
        #expect(outcome.started == ["right", "rest"])
        #expect(outcome.report.counts.cached == 4)
    }

    @Test("going back to earlier parameters runs nothing")
    func goingBack() async throws {
        let workplace = try Workplace()
        try await workplace.run(Self.diamond)
        try await workplace.run(settings: ["more.amount=20"])
        #expect(try await workplace.run().started.isEmpty)
    }

    @Test("two stages with one key are computed once")
    func twins() async throws {
        let workplace = try Workplace()
        let outcome = try await workplace.run(
            """
            stages:
              one: {stage: constant}
              two: {stage: constant}
              three: {stage: add, inputs: {numbers: one}}
              four: {stage: add, inputs: {numbers: two}}
            """)
        #expect(outcome.started.count == 2)
        #expect(outcome.report.counts.ran == 2)
        #expect(outcome.report.counts.cached == 2)
        #expect(outcome.digest("three") == outcome.digest("four"))
    }

    @Test("the seed is in the key of stages that draw, and in no other")
    func seeds() async throws {
        let plan = """
            seed: 1
            stages:
              drawn: {stage: draw}
              own: {stage: draw, seed: 5}
              fixed: {stage: constant}
            """
        let workplace = try Workplace()
        let first = try await workplace.run(plan)
        let second = try await workplace.run(settings: ["seed=2"])
        #expect(second.started == ["drawn"])
        #expect(second.decision("drawn") == .miss(.seedChanged(old: 1, new: 2)))
        #expect(first.digest("drawn") != second.digest("drawn"))
        #expect(first.digest("own") == second.digest("own"))
    }

    @Test("a forced stage is computed, and gives the same digest")
    func forced() async throws {
        let workplace = try Workplace()
        let first = try await workplace.run(Self.diamond)
        let second = try await workplace.run(options: RunOptions(cores: 2, forced: ["left"]))
        #expect(second.started == ["left"])
        #expect(second.decision("left") == .miss(.forced))
        #expect(second.digest("left") == first.digest("left"))
        #expect(second.warnings.isEmpty)
    }

    @Test("a target runs with what it needs and nothing else")
    func targets() async throws {
        let workplace = try Workplace()
        let outcome = try await workplace.run(Self.diamond, options: RunOptions(cores: 2, targets: ["rest"]))
        #expect(outcome.outcomes == ["right ran", "rest ran"])
    }

    @Test("an unknown target is an error with the nearest name")
    func unknownTarget() async throws {
        let workplace = try Workplace(Self.diamond)
        let error = await #expect(throws: PipelineError.self) {
            try await workplace.run(options: RunOptions(targets: ["lefft"]))
        }
        #expect("\(error!)" == "no stage 'lefft' in the plan; did you mean 'left'?")
    }

    @Test("an artifact that went missing is made again, and only it")
    func missingObject() async throws {
        let workplace = try Workplace()
        let first = try await workplace.run(Self.diamond)
        let digest = try #require(first.digest("rest")).hex
        let object = workplace.path("store/objects/sha256/\(digest.prefix(2))/\(digest).jsonl.zst")
        try FileManager.default.removeItem(atPath: object)
        let second = try await workplace.run()
        #expect(second.started == ["rest"])
        #expect(second.decision("rest") == .miss(.outputMissing(port: "numbers")))
    }

    @Test("the run leaves its plan, its events and its summary in the store")
    func records() async throws {
        let workplace = try Workplace()
        let outcome = try await workplace.run(Self.diamond)
        let folder = "store/runs/\(outcome.report.run)"
        let events = try String(contentsOfFile: workplace.path("\(folder)/events.jsonl"), encoding: .utf8)
        let lines = try events.split(separator: "\n").map { try CanonicalJSON.parse($0.utf8) }
        #expect(lines.first?["event"] == "run_started")
        #expect(lines.last?["event"] == "run_finished")
        #expect(lines.filter { $0["event"] == "stage_finished" }.count == 6)
        let summary = try CanonicalJSON.parse(
            Array(Data(contentsOf: URL(filePath: workplace.path("\(folder)/summary.json")))))
        #expect(summary["stages"]?["ran"] == 6)
        #expect(try workplace.store().resolve("all.total").first?.reference.digest == outcome.digest("all", "total"))
    }

    @Test("an empty artifact passes on with a warning")
    func empty() async throws {
        let workplace = try Workplace()
        let outcome = try await workplace.run(
            """
            stages:
              none: {stage: constant, params: {values: []}}
              more: {stage: add, inputs: {numbers: none}}
            """)
        #expect(outcome.report.counts.ran == 2)
        #expect(outcome.warnings == ["no values"])
        #expect(try workplace.values(outcome, "more") == [])
    }

    @Test("two executors on one store compute each stage once between them")
    func twoExecutors() async throws {
        let workplace = try Workplace(Self.diamond)
        let plan = try workplace.load()
        _ = try workplace.store()
        async let first = Executor(plan: plan, store: workplace.store(), options: Self.quick).run()
        async let second = Executor(plan: plan, store: workplace.store(), options: Self.quick).run()
        let reports = try await [first, second]
        #expect(reports[0].stages.map(\.outputs) == reports[1].stages.map(\.outputs))
        let ran = zip(reports[0].stages, reports[1].stages).map { [$0.outcome, $1.outcome].count { $0 == .ran } }
        #expect(ran == [1, 1, 1, 1, 1, 1])
    }

    private static let quick = RunOptions(cores: 2, poll: .milliseconds(5))

    @Test("35 cached stages are checked in well under a second")
    func manyCached() async throws {
        var plan = "stages:\n  s0: {stage: constant}\n"
        for index in 1..<35 { plan += "  s\(index): {stage: add, inputs: {numbers: s\(index - 1)}}\n" }
        let workplace = try Workplace()
        try await workplace.run(plan)
        let clock = ContinuousClock()
        let start = clock.now
        let outcome = try await workplace.run()
        #expect(outcome.report.counts.cached == 35)
        // Typically 30 ms; the bound leaves room for a busy machine.
        #expect(clock.now - start < .seconds(1))
    }
}
