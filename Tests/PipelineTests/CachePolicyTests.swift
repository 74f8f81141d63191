import Artifacts
import Foundation
import Pipeline
import Testing

@Suite("Reading and writing the cache")
struct CachePolicyTests {
    private func plan(_ cache: String, tag: String) -> String {
        """
        stages:
          made: {stage: fickle, params: {tag: \(tag)}, cache: \(cache)}
          then: {stage: add, inputs: {numbers: made}}
        """
    }

    private func reasons(_ workplace: Workplace) throws -> [String] {
        try PlanForecast(plan: workplace.load(), store: workplace.store()).stages.map(\.reason)
    }

    @Test("'read: false' computes each time and records the result for others")
    func writesOnly() async throws {
        let workplace = try Workplace(plan("{read: false}", tag: "writes-only"))
        try await workplace.run()
        #expect(
            try reasons(workplace) == ["computed each time ('cache: {read: false}')", "waits for 'made'"])
        let second = try await workplace.run()
        #expect(second.outcomes == ["made ran", "then cached"])
        #expect(second.decision("made") == .miss(.readingOff))
        #expect(second.warnings.isEmpty)
        #expect(try await workplace.run(plan("true", tag: "writes-only")).outcomes == ["made cached", "then cached"])
    }

    @Test("a second result with other bytes is a divergence: the first one stands, and the user is warned")
    func divergence() async throws {
        let workplace = try Workplace(plan("{read: false, write: true}", tag: "read-off"))
        let first = try await workplace.run()
        Trouble.cause("read-off")
        let second = try await workplace.run()
        #expect(second.outcomes == ["made ran", "then cached"])
        #expect(second.digest("made") == first.digest("made"))
        #expect(second.warnings.count == 1)
        #expect(second.warnings.first?.hasSuffix("which stands; the stage is not reproducible") == true)
    }

    @Test("'write: false' reuses what is there, and records nothing of its own")
    func readsOnly() async throws {
        let workplace = try Workplace(plan("{write: false}", tag: "reads-only"))
        #expect(try reasons(workplace)[0] == "never ran; the result is not kept ('cache: {write: false}')")
        #expect(try await workplace.run().outcomes == ["made ran", "then ran"])
        #expect(try await workplace.run().outcomes == ["made ran", "then cached"])
        #expect(try workplace.store().artifacts().map(\.name) == ["then.numbers"])
        try await workplace.run(plan("true", tag: "reads-only"))
        #expect(try await workplace.run(plan("{write: false}", tag: "reads-only")).outcomes.first == "made cached")
        #expect(try reasons(workplace)[0] == "unchanged")
    }

    @Test("an overlay changes the half that it names")
    func overlay() throws {
        let workplace = try Workplace(plan("{read: false}", tag: "x"))
        try workplace.write("stages: {made: {cache: {write: false}}}", to: "over.yaml")
        #expect(
            try workplace.load(overlays: ["over.yaml"]).stage(named: "made")?.cache
                == CachePolicy(reads: false, writes: false))
        try workplace.write("stages: {made: {cache: true}}", to: "over.yaml")
        #expect(try workplace.load(overlays: ["over.yaml"]).stage(named: "made")?.cache == CachePolicy())
    }

    @Test(
        "mistakes are shown in their place",
        arguments: [
            (
                "maybe",
                """
                stage 'made': 'cache' is 'maybe', not true, false or a table of 'read' and 'write' (plan.yaml:2:50)
                """
            ),
            ("{reed: true}", "cache of stage 'made': unknown key 'reed' (plan.yaml:2:51); did you mean 'read'?"),
            ("{write: 7}", "cache of stage 'made': 'write' is '7', not true or false (plan.yaml:2:58)"),
        ])
    func mistakes(cache: String, message: String) throws {
        let text = try Workplace(plan(cache, tag: "x")).message()
        #expect(text.split(separator: "\n").first.map(String.init) == message)
    }
}

@Suite("How a stage is to run")
struct ExecutionSettingTests {
    @Test(
        "times and sizes, and what is none",
        arguments: [
            ("30m", 1800), ("2h", 7200), ("90s", 90), ("45", 45), ("1.5h", 5400), ("0", nil), ("-3", nil),
            ("3d", nil), ("", nil), ("m", nil), ("1e3", nil), ("9999999999999999", nil),
        ] as [(String, Double?)])
    func times(text: String, seconds: Double?) {
        #expect(Quantity.duration(text) == seconds.map { .seconds($0) })
    }

    @Test("a time limit that is none is shown in its place")
    func badTime() throws {
        #expect(
            try Workplace("stages:\n  a: {stage: constant, exec: {timeout: soon}}").message() == """
                exec of stage 'a': 'timeout' is 'soon', not a time such as '90s', '30m' or '2h' (plan.yaml:2:40)
                  2 |   a: {stage: constant, exec: {timeout: soon}}
                    |                                        ^~~~
                """)
    }

    @Test("what belongs under 'exec' and is set as a parameter gets a hint to its place")
    func executionAsParameter() throws {
        let workplace = try Workplace("stages:\n  p.a: {stage: constant}")
        #expect(
            workplace.message(settings: ["p.a.threads=1"]) == """
                stage 'p.a': unknown key 'threads' (--set:1:5); did you mean 'p.a.exec.threads'?
                  1 | p.a.threads=1
                    |     ^~~~~~~
                """)
        try workplace.write("stages:\n  a: {stage: constant, params: {timeout: 1h}}", to: "plan.yaml")
        #expect(
            workplace.message().hasPrefix(
                "stage 'a': unknown key 'timeout' (plan.yaml:2:33); did you mean 'a.exec.timeout'?"))
        try workplace.write("defaults: {constant: {retries: 1}}\nstages: {a: {stage: constant}}", to: "plan.yaml")
        #expect(workplace.message().contains("did you mean 'exec.retries'?"))
    }

    @Test("the file's salt is that of every stage without one, and an overlay's wins over the file's")
    func salt() throws {
        let workplace = try Workplace("salt: old\nstages: {a: {stage: constant}, b: {stage: constant, salt: own}}")
        #expect(try workplace.load().stages.map(\.salt) == ["old", "own"])
        try workplace.write("salt: new", to: "over.yaml")
        #expect(try workplace.load(overlays: ["over.yaml"]).stages.map(\.salt) == ["new", "own"])
        try workplace.write("salt: outer\ninclude: [plan.yaml]\nstages: {c: {stage: constant}}", to: "outer.yaml")
        #expect(try workplace.load("outer.yaml").stages.map(\.salt) == ["old", "own", "outer"])
    }
}
