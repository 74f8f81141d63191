import Artifacts
import PipelineCLI
import Testing

@Suite("Several seeds")
struct SeedSpreadTests {
    // MARK: What is asked for

    @Test("a number is a count from the plan's own seed on, a list is what it says")
    func choices() throws {
        #expect(try SeedChoice("3").seeds(own: [7]) == [7, 8, 9])
        #expect(try SeedChoice("1").seeds(own: [7]) == [7])
        #expect(try SeedChoice("5,0,9223372036854775807").seeds(own: [7]) == [5, 0, 9_223_372_036_854_775_807])
        // No stage uses a seed, and the file names none.
        #expect(try SeedChoice("2").seeds(own: []) == [0, 1])
        #expect(try SeedChoice("2").seeds(own: [9_223_372_036_854_775_806]).last == 9_223_372_036_854_775_807)
    }

    @Test(
        "anything else is refused, and the text says what would do",
        arguments: [
            ("", "--seeds is ''"), ("three", "--seeds is 'three'"), ("1,2,", "write how many, as in 3, or which"),
            ("-1", "--seeds is '-1'"), ("+1", "--seeds is '+1'"), ("1, 2", "--seeds is '1, 2'"),
            ("٣", "--seeds is '٣'"),
            ("1,9223372036854775808", "--seeds is"), ("0", "asks for 0 runs; it must be from 1 to 1000"),
            ("20240118", "for one run with a seed write '--set seed=20240118'"), ("4,2,4", "names 4 twice"),
        ])
    func refused(text: String, message: String) throws {
        let error = #expect(throws: SeedChoiceError.self) { try SeedChoice(text) }
        #expect(try #require(error).description.contains(message))
    }

    @Test("a count that has nowhere to begin, or to end, is refused")
    func noBeginning() {
        #expect(throws: SeedChoiceError.severalSeeds([1, 7])) { try SeedChoice("2").seeds(own: [7, 1]) }
        #expect(throws: SeedChoiceError.tooLarge(9_223_372_036_854_775_807)) {
            try SeedChoice("2").seeds(own: [9_223_372_036_854_775_807])
        }
        #expect("\(SeedChoiceError.severalSeeds([1, 7]))".contains("(1, 7)"))
        #expect("\(SeedChoiceError.tooLarge(5))".contains("seed 5 has not so many after it"))
    }

    // MARK: What came of it

    private func run(_ seed: UInt64, _ stages: [(name: String, key: String?, values: [String: Double?])]) -> SeedRun {
        SeedRun(
            seed: seed,
            stages: stages.map { stage in
                let measurements = stage.values.mapValues { value -> JSONValue in
                    ["value": value.map { .number($0) } ?? .null, "count": 10]
                }
                return SeedRun.Stage(
                    StageFigures(
                        stage: stage.name, kind: stage.name.hasSuffix("judge") ? "evaluate-judge" : "sft",
                        summary: ["measurements": .object(measurements)]),
                    key: stage.key.map { ContentDigest(hashing: Array($0.utf8)) })
            })
    }

    @Test("mean and sample standard deviation over the runs; a result that runs share counts once")
    func spread() throws {
        let spread = SeedSpread([
            run(1, [("base.judge", "b", ["accuracy": 0.4]), ("m1.judge", "x", ["accuracy": 0.5, "tau": nil])]),
            run(2, [("base.judge", "b", ["accuracy": 0.4]), ("m1.judge", "y", ["accuracy": 0.7, "tau": nil])]),
            run(4, [("base.judge", "b", ["accuracy": 0.4]), ("m1.judge", "z", ["accuracy": 0.9, "tau": 0.25])]),
        ])
        #expect(
            spread.figures.map { "\($0.stage).\($0.name)" } == [
                "base.judge.accuracy", "m1.judge.accuracy", "m1.judge.tau",
            ])
        let (base, accuracy, tau) = (spread.figures[0], spread.figures[1], spread.figures[2])
        #expect(base.count == 1 && base.mean == 0.4 && base.deviation == nil)
        #expect(accuracy.count == 3 && abs(accuracy.mean - 0.7) < 1e-15)
        // ((0.2)² + 0 + (0.2)²) / 2
        #expect(abs(try #require(accuracy.deviation) - 0.2) < 1e-15)
        #expect(tau.count == 1 && tau.values[0].seed == 4)
        #expect(!spread.isOneResult)
        #expect(
            spread.lines == [
                "mean ± standard deviation (n) over seeds 1, 2, 4",
                "evaluate-judge  base.judge           m1.judge",
                "  accuracy       0.400 (1)  0.700 ± 0.200 (3)",
                "  tau                    –          0.250 (1)",
            ])
        let json = try #require(spread.json.arrayValue)
        #expect(json[1]["n"] == 3 && json[1]["measurement"] == "accuracy" && json[0]["sd"] == .null)
    }

    @Test("the p of a test has no mean over seeds")
    func probabilities() {
        let runs = [1, 2].map { seed in
            run(UInt64(seed), [("m1.judge", "k\(seed)", ["gap": 1, "gap/p": 0.5, "sign_test_p": 0.5])])
        }
        #expect(SeedSpread(runs).figures.map(\.name) == ["gap"])
    }

    @Test("more than four stages that measure go into further blocks; runs without measurements have no table")
    func blocks() {
        let stages = (1...6).map {
            (name: "m\($0).judge", key: Optional("k\($0)"), values: ["words": Optional(12.345)])
        }
        let lines = SeedSpread([run(1, stages)]).lines
        #expect(lines.count == 5 && lines[1].hasSuffix("m4.judge") && lines[3].hasSuffix("m6.judge"))
        #expect(lines[4].hasSuffix("12.3 (1)"))
        #expect(SeedSpread([run(1, [("m1", "k", [:])]), run(2, [("m1", "l", [:])])]).lines.isEmpty)
        #expect(SeedSpread([]).lines.isEmpty && !SeedSpread([]).isOneResult)
    }

    @Test("runs with the same keys are one result; a stage that was not reached has none")
    func oneResult() {
        #expect(SeedSpread([run(1, [("m1", "k", [:])]), run(2, [("m1", "k", [:])])]).isOneResult)
        #expect(!SeedSpread([run(1, [("m1", "k", [:])])]).isOneResult)
        let failed = SeedSpread([run(1, [("m1.judge", "k", ["a": 1])]), run(2, [("m1.judge", nil, ["a": 2])])])
        #expect(!failed.isOneResult && failed.figures.first?.count == 1)
        // It failed by chance for the first seed: it has its key, and no result to hide that of the second.
        let figures = StageFigures(stage: "m1.judge", kind: "evaluate-judge", summary: [:])
        let chance = SeedRun(seed: 1, stages: [.init(figures, key: ContentDigest(hashing: Array("k".utf8)))])
        #expect(SeedSpread([chance, run(2, [("m1.judge", "k", ["a": 2])])]).figures.first?.mean == 2)
        let far = SeedSpread([run(1, [("m1.judge", "x", ["a": 1e200])]), run(2, [("m1.judge", "y", ["a": -1e200])])])
        #expect(far.json.arrayValue?.first?["sd"] == .null)
    }
}
