import Artifacts
import PipelineCLI
import Testing

@Suite("The closing table")
struct SummaryTableTests {
    private func figures(_ stage: String, _ kind: String, _ summary: JSONValue) -> StageFigures {
        StageFigures(stage: stage, kind: kind, summary: summary)
    }

    private func cells(_ table: SummaryTable, _ label: String) -> [String]? {
        table.sections.flatMap(\.rows).first { $0.label == label }?.cells
    }

    @Test("models are the groups that train, in the order of the plan")
    func models() {
        let table = SummaryTable([
            figures("m0", "import-model", [:]), figures("sft", "sft", ["examples": 3]),
            figures("m1", "sft", ["examples": 3, "judge_examples": 4]), figures("m2.pairs", "pair", [:]),
            figures("m2.model", "dpo", ["pairs_used": 2]),
        ])
        #expect(table.models == ["sft", "m1", "m2"])
        #expect(cells(table, "rows") == ["3", "7", "2"])
        #expect(cells(table, "of these evaluation examples") == ["–", "4", "–"])
    }

    @Test("models of an included pipeline keep a column each, with the part's name")
    func partsInParts() {
        let table = SummaryTable([
            figures("base.sft", "sft", ["examples": 3]),
            figures("base.sft.judge-quality", "evaluate-judge", ["parse_rate": 1, "verdicts": 5]),
            figures("base.m1", "sft", ["examples": 4]),
            figures("base.m2.pairs", "pair", ["pairs": 1, "prompts": 2]),
            figures("base.m2.model", "dpo", ["pairs_used": 2]),
            figures("m3.pairs", "pair", ["pairs": 3, "prompts": 4]), figures("m3.model", "dpo", ["pairs_used": 6]),
        ])
        #expect(table.models == ["base.sft", "base.m1", "base.m2", "m3"])
        #expect(cells(table, "rows") == ["3", "4", "2", "6"])
        #expect(cells(table, "pairs of prompts") == ["–", "–", "1 of 2", "3 of 4"])
        #expect(cells(table, "verdicts stating a score") == ["100.0% of 5", "–", "–", "–"])
    }

    @Test("a part that trains one model gives it its name, whatever the training is called")
    func onlyModelOfPart() {
        let table = SummaryTable([
            figures("base.tuned", "sft", ["examples": 3]),
            figures("base.tuned.judge-quality", "evaluate-judge", ["parse_rate": 1, "verdicts": 5]),
        ])
        #expect(table.models == ["base"])
        #expect(cells(table, "verdicts stating a score") == ["100.0% of 5"])
    }

    @Test("benchmarks of a model stand together, each from a stage of its own; one that nobody ran has no line")
    func benchmarks() {
        func figures(_ stage: String, _ name: String, _ value: JSONValue) -> StageFigures {
            self.figures(
                stage, "evaluate-benchmarks",
                ["measurements": .object([name: ["value": value, "count": 40, "lower": 0.2, "upper": 0.5]])])
        }
        let table = SummaryTable([
            self.figures("m1", "sft", [:]), figures("benchmarks.m1.piqa", "piqa.acc", 0.35),
            figures("m1.gsm8k", "gsm8k.strict", 0), self.figures("m2.model", "dpo", [:]),
            figures("benchmarks.m2.piqa", "piqa.acc", 0.4),
        ])
        #expect(cells(table, "PIQA") == [".35 [.20 .50] 40", ".40 [.20 .50] 40"])
        #expect(cells(table, "GSM8K, number behind ####") == [".00 [.20 .50] 40", "–"])
        #expect(cells(table, "MMLU") == nil)
    }

    @Test(
        "win rates by a judge, by AlpacaEval and by people stand with the model they are of, each with its own at equal lengths"
    )
    func winRates() {
        func measured(_ names: String...) -> JSONValue {
            let rate: JSONValue = ["value": 0.5, "lower": 0.25, "upper": 0.75, "count": 8]
            return ["measurements": .object(Dictionary(uniqueKeysWithValues: names.map { ($0, rate) }))]
        }
        let table = SummaryTable([
            figures("m1", "sft", [:]), figures("m2.model", "dpo", [:]),
            figures("m1.official", "alpaca-eval", measured("win_rate", "length_controlled_minimal")),
            figures("m2.duel", "head-to-head", measured("win_rate", "length_controlled_minimal")),
            figures("m2.people", "human-votes", measured("win_rate")),
        ])
        let cell = ".50 [.25 .75] 8"
        #expect(cells(table, "win rate head to head") == ["–", cell])
        #expect(cells(table, "win rate of AlpacaEval") == [cell, "–"])
        #expect(cells(table, "win rate by people") == ["–", cell])
        let adjusted = table.sections.flatMap(\.rows).filter { $0.label == "the same at equal lengths" }.map(\.cells)
        #expect(adjusted == [["–", cell], [cell, "–"]])
        #expect(!table.lines.contains { $0.contains("win rate") })
    }

    @Test("what stands in no model's column is named by its stage; of several opponents none is the model's")
    func elsewhere() {
        let rate: JSONValue = ["value": 0.5, "lower": 0.25, "upper": 0.75, "count": 8]
        let contest: JSONValue = ["measurements": ["win_rate": rate]]
        let quality: JSONValue = ["measurements": ["pairwise_accuracy": rate, "spearman": rate]]
        let all = [
            figures("m1", "sft", [:]), figures("m1.duel", "head-to-head", contest),
            figures("m1.alpaca-eval", "head-to-head", contest), figures("m1.quality", "evaluate-judge", quality),
            figures("m1.again", "evaluate-judge", quality), figures("judges", "compare-judges", quality),
            figures("b.piqa", "evaluate-benchmarks", ["measurements": ["piqa.acc": rate]]),
            figures("m1.pairs", "pair", ["pairs": 3]),
        ]
        let table = SummaryTable(all)
        #expect(cells(table, "win rate head to head") == nil)
        let lines = MeasuredElsewhere(all, beside: table.measuredStages).lines
        #expect(
            lines.map { $0.split(separator: " ").joined(separator: " ") } == [
                "", "win rates, ties as half: value [95 % interval] count as judged at equal lengths",
                "m1.duel .50 [.25 .75] 8 –", "m1.alpaca-eval .50 [.25 .75] 8 –", "",
                "measured besides ('artifacts show STAGE.measurements')",
                "m1.again (evaluate-judge): 2 measurements", "b.piqa (evaluate-benchmarks): 1 measurement",
            ])
    }

    @Test("counts of a filter are summed over its reasons")
    func filters() {
        let table = SummaryTable([
            figures(
                "m2.prompts", "self-instruct",
                ["filter": ["kept": ["new": 31], "dropped": ["too-similar": 90, "malformed": 7]]]),
            figures("m2.pairs", "pair", ["pairs": 20, "prompts": 31]), figures("m2.model", "dpo", [:]),
        ])
        #expect(cells(table, "prompts kept of written") == ["31 of 128"])
        #expect(cells(table, "pairs of prompts") == ["20 of 31"])
    }

    @Test("a measurement is shown with its interval and count")
    func measurements() {
        let measured: JSONValue = [
            "parse_rate": 0.915, "verdicts": 126,
            "score_histogram": ["0": 1, "1": 2, "2": 3, "3": 4, "4": 5, "5": 6],
            "measurements": [
                "pairwise_accuracy": ["value": 0.724, "lower": 0.61, "upper": 0.8, "count": 126],
                "spearman": ["value": -0.05, "lower": nil, "upper": nil, "count": 40],
                "pearson": ["value": -1e-17, "lower": -0.004, "upper": 0.1, "count": 40],
                "kendall_tau_b": ["value": nil, "count": 0],
            ],
        ]
        let table = SummaryTable([figures("m1", "sft", [:]), figures("m1.judge-quality", "evaluate-judge", measured)])
        #expect(cells(table, "pairwise accuracy") == [".72 [.61 .80] 126"])
        #expect(cells(table, "Spearman") == ["-.05 40"])
        #expect(cells(table, "Pearson") == [".00 [.00 .10] 40"])
        #expect(cells(table, "Kendall τ-b") == ["– 0"])
        #expect(cells(table, "5-best") == ["– 0"])
        #expect(cells(table, "verdicts stating a score") == ["91.5% of 126"])
        #expect(cells(table, "verdicts of 0/1/2/3/4/5") == ["1/2/3/4/5/6"])
    }

    @Test("training is shown from its beginning to its end")
    func training() {
        let table = SummaryTable([
            figures("sft", "sft", ["loss": ["start": 2.5, "end": 1.25]]),
            figures(
                "m2.model", "dpo",
                [
                    "loss": ["start": 0.693147, "end": 0.61],
                    "rewards/accuracies": ["start": 0.5, "end": 0.75],
                    "rewards/margins": ["start": 0, "end": 0.1234],
                ]),
        ])
        #expect(cells(table, "loss, first → last tenth") == ["2.500 → 1.250", "0.693 → 0.610"])
        #expect(cells(table, "rewards/accuracies, last tenth") == ["–", "0.75"])
        #expect(cells(table, "rewards/margins, last tenth") == ["–", "0.123"])
    }

    @Test("the length of responses is shown before the training and after it")
    func lengths() {
        let table = SummaryTable([
            figures("m2.candidates", "sample", ["mean_tokens": 80.2]), figures("m2.model", "dpo", [:]),
            figures("m2.answers", "sample", ["mean_tokens": 91.7]),
            figures("m3.candidates", "sample", ["mean_tokens": 93]), figures("m3.model", "dpo", [:]),
        ])
        #expect(cells(table, "mean response, tokens") == ["80", "93"])
        #expect(cells(table, "mean response after it, tokens") == ["92", "–"])
    }

    @Test("a run without models has no table")
    func empty() {
        #expect(SummaryTable([figures("seeds", "seed-prep", ["examples": 3])]).isEmpty)
    }

    @Test("columns stand under each other")
    func lines() {
        let table = SummaryTable([figures("sft", "sft", ["examples": 64]), figures("m1", "sft", ["examples": 1208])])
        #expect(
            table.lines == [
                "        sft    m1",
                "training",
                "  rows   64  1208",
            ])
    }

    @Test("numbers that no machine counts to are left out and end nothing", arguments: [1e300, -1e300, 1e19])
    func hugeNumbers(huge: Double) {
        let value = JSONValue.number(huge)
        let table = SummaryTable([
            figures("m2.candidates", "sample", ["candidates": value]),
            figures("m2.pairs", "pair", ["pairs": 3, "prompts": value]),
            figures("m2.judgements", "judge", ["parse_rate": 1, "verdicts": value, "score_histogram": ["5": value]]),
            figures("m2.model", "dpo", ["pairs_used": 2]),
        ])
        #expect(cells(table, "candidates") == nil)
        #expect(cells(table, "pairs of prompts") == ["3 of –"])
        #expect(cells(table, "verdicts stating a score") == ["100.0% of –"])
        #expect(cells(table, "verdicts of 0/1/2/3/4/5") == ["0/0/0/0/0/0"])
        #expect(cells(table, "rows") == ["2"])
    }
}

@Suite("The table of judges compared")
struct JudgeComparisonTableTests {
    private func lines(_ summary: JSONValue) -> [String] {
        JudgeComparisonTable([StageFigures(stage: "judges", kind: "compare-judges", summary: summary)]).lines
    }

    @Test("a column a comparison, with interval and p; those with others stand apart")
    func table() {
        let found = lines([
            "models": ["m1", "m2"], "against": ["likelihood"],
            "comparisons": [
                ["first": "m1", "second": "m2"], ["first": "likelihood", "second": "m1"],
                ["first": "likelihood", "second": "m2"],
            ],
            "measurements": [
                "spearman/m1..m2": ["value": 0.125, "lower": -0.05, "upper": 0.3, "count": 42],
                "spearman/m1..m2/p": ["value": 0.0414, "count": 40],
                "agreement_exact/m1..m2": ["value": 0.5, "lower": nil, "upper": nil, "count": 9],
                "five_best/m1..m2": ["value": nil, "count": 0],
                "spearman/likelihood..m2": ["value": -0.5, "lower": -0.6, "upper": -0.4, "count": 42],
                "spearman/likelihood..m2/p": ["value": 0.0001, "count": 42],
            ],
        ])
        #expect(
            found == [
                "", "judges: change from judge to judge on the same rankings [95 % interval] p",
                "                                                       m1 → m2",
                "  Spearman                               .12 [-.05 .30] p .041",
                "  both judges' scores: same whole score                    .50",
                "", "judges: judges over likelihood on the same rankings [95 % interval] p",
                "            likelihood → m1           likelihood → m2",
                "  Spearman                –  -.50 [-.60 -.40] p <.001",
            ])
    }

    @Test("a run without comparisons, or with a summary of another kind, has no table")
    func none() {
        #expect(JudgeComparisonTable([]).lines.isEmpty)
        let summaries: [JSONValue] = [
            [:], ["comparisons": []], ["comparisons": "none"], ["comparisons": [["first": 1]]],
        ]
        #expect(summaries.allSatisfy { lines($0).isEmpty })
    }
}

@Suite("Numbers as people read them")
struct QuantitiesTests {
    @Test(
        "durations, and none for what no clock shows",
        arguments: [
            (0, "0.0s"), (59.94, "59.9s"), (59.96, "1m00s"), (723, "12m03s"), (7500, "2h05m"), (-1, "–"), (1e12, "–"),
            (.infinity, "–"), (.nan, "–"),
        ] as [(Double, String)])
    func durations(seconds: Double, text: String) { #expect(Quantities.duration(seconds) == text) }

    @Test(
        "sizes up to the largest",
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_950, "1.0 MB"), (135_200_000, "135.2 MB"),
            (Int.max, "9223372.0 TB"),
        ])
    func sizes(bytes: Int, text: String) { #expect(Quantities.bytes(bytes) == text) }

    @Test("rates and digits of huge numbers end nothing")
    func huge() {
        #expect(Quantities.rate(0.25) == "0.25/s" && Quantities.rate(412) == "412/s")
        #expect(Quantities.significant(1e300) == "1e+300" && Quantities.significant(.infinity) == "inf")
    }
}
