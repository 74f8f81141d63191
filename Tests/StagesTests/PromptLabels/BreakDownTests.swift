import Artifacts
import Model
import Pipeline
import Stages
import Testing

@Suite("Results by labels of prompts")
struct BreakDownTests {
    private typealias Outcome = PairwiseJudgement.Outcome

    /// One match a prompt, by outcome.
    private func judgements(_ outcomes: [(prompt: String, outcome: Outcome)]) -> [PairwiseJudgement] {
        outcomes.enumerated().map { index, match in
            let texts = match.outcome == .tie ? ["same", "same"] : ["a\(index)", "b\(index)"]
            let candidates = texts.map {
                Candidate(promptID: match.prompt, prompt: "Why?", index: index, text: $0, tokens: 1, finish: .stop)
            }
            let value: Double? = match.outcome == .first ? 1 : match.outcome == .second ? 0 : nil
            let replies = [PairwiseJudgement.Shown.firstThenSecond, .secondThenFirst].map {
                PairwiseJudgement.Reply(shown: $0, raw: "…", finish: .stop, value: value, reason: .noVerdict)
            }
            let judgement = PairwiseJudgement(
                ResponseMatch(first: candidates[0], second: candidates[1]), replies: replies)
            #expect(judgement.outcome == match.outcome)
            return judgement
        }
    }

    private func label(_ prompt: String, _ aspect: String, _ value: (String, Int)?) -> PromptLabel {
        PromptLabel(promptID: prompt, aspect: aspect, value: value, raw: "", finish: .stop, reason: .noLabel)
    }

    private func measurements(
        _ judgements: [PairwiseJudgement], _ labels: [PromptLabel]
    ) throws -> [Measurement] {
        try LabelledWinRates(judgements, labels: labels, estimator: .fixed(resamples: 2000)).measurements
    }

    @Test("a win rate for each label, in the rubric's order, and the share without one")
    func winRates() throws {
        let found = try measurements(
            judgements([
                ("p1", .first), ("p1", .first), ("p2", .second), ("p3", .tie), ("p4", .first), ("p5", .noVerdict),
                ("p6", .second),
            ]),
            [
                label("p1", "complexity", ("10", 9)), label("p2", "complexity", ("2", 1)),
                label("p3", "complexity", ("10", 9)), label("p4", "complexity", ("2", 1)),
                label("p5", "complexity", ("3", 2)), label("p6", "complexity", nil),
                label("p1", "length", ("short", 0)), label("p9", "length", ("long", 1)),
            ])
        #expect(
            found.map(\.name) == [
                "win_rate", "win_rate/complexity/2", "win_rate/complexity/3", "win_rate/complexity/10",
                "unlabelled/complexity", "win_rate/length/short", "unlabelled/length",
            ])
        let counts = [6, 2, 0, 3, 7, 2, 7], sums: [Double] = [3.5, 1, 0, 2.5, 1, 2, 5]
        #expect(found.map(\.count) == counts)
        #expect(found.map(\.value) == zip(sums, counts).map { $1 == 0 ? nil : $0 / Double($1) })
        // Prompts are drawn again, and the label 10 has two of them: a rate of 1 and one of a half.
        let ten = found[3]
        #expect(ten.lower == 0.5 && ten.upper == 1)
        #expect(found[5].lower == nil, "one prompt has no interval")
    }

    @Test("rubrics that place a label differently give one order, whatever the order of the labels")
    func opposedRubrics() throws {
        let labels = [
            label("p1", "length", ("short", 0)), label("p2", "length", ("long", 1)),
            label("p3", "length", ("long", 0)),
            label("p4", "length", ("short", 1)),
        ]
        let matches = judgements(["p1", "p2", "p3", "p4"].map { ($0, .first) })
        for labels in [labels, labels.reversed()] {
            // Both stand first in some rubric: then by name.
            #expect(
                try measurements(matches, labels).map(\.name) == [
                    "win_rate", "win_rate/length/long", "win_rate/length/short", "unlabelled/length",
                ])
        }
    }

    @Test("two labels of one aspect are refused; no matches have no number")
    func refusals() throws {
        let twice = [label("p1", "length", ("short", 0)), label("p1", "length", ("long", 1))]
        #expect(throws: StageError.repeatedLabel(prompt: "p1", aspect: "length")) { try measurements([], twice) }
        let none = try measurements([], [twice[0]])
        #expect(none.map(\.name) == ["win_rate", "unlabelled/length"] && none.allSatisfy { $0.value == nil })
    }

    @Test("the stage tells of matches whose prompts were not labelled, and of none at all")
    func stage() async throws {
        let harness = try StageHarness()
        let labels = try harness.artifact([label("p1", "length", ("short", 0))])
        let outputs = try await harness.run(
            BreakDownStage.self,
            ["judgements": [harness.artifact(judgements([("p1", .first), ("p2", .second)]))], "labels": [labels]])
        #expect(
            harness.warnings == [
                "1 of 2 matches are of prompts that were not labelled; label the prompts that both models answered"
            ])
        #expect(outputs.summary["measurements"]?["win_rate/length/short"]?["value"] == 1.0)
        _ = try await harness.run(
            BreakDownStage.self, ["judgements": [harness.artifact([PairwiseJudgement]())], "labels": [labels]])
        #expect(harness.warnings.last == "no matches to break down")
    }
}
