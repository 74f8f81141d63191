import Artifacts
import Pipeline
import Stages
import Testing

@Suite("The pair stage")
struct PairResponsesStageTests {
    private func judged(_ prompt: String, _ scores: [Double?]) -> (candidates: [Candidate], judgements: [Judgement]) {
        let candidates = scores.indices.map {
            Candidate(promptID: prompt, prompt: prompt, index: $0, text: "\(prompt) \($0)", tokens: 1, finish: .stop)
        }
        let judgements = zip(candidates, scores).map { candidate, score in
            Judgement(
                candidateID: candidate.id, promptID: prompt,
                verdicts: [.init(raw: "", finish: .stop, verdict: score.map { .scored($0) } ?? .unparsable(.noScore))]
            )
        }
        return (candidates, judgements)
    }

    @Test("pairs and ledger are written, and the summary counts them")
    func run() async throws {
        let harness = try StageHarness()
        let first = judged("a", [1, 4, nil, 4]), second = judged("b", [3, 3, nil, nil])
        let outputs = try await harness.run(
            PairResponsesStage.self,
            [
                "candidates": [try harness.artifact(first.candidates), try harness.artifact(second.candidates)],
                "judgements": [try harness.artifact(second.judgements + first.judgements)],
            ])
        let pairs = try harness.rows(outputs, "pairs", as: PreferencePair.self)
        #expect(pairs.map(\.promptID) == ["a"] && pairs[0].rejected == "a 0")
        let ledger = try harness.rows(outputs, "ledger", as: LedgerEntry.self)
        #expect(ledger.map(\.reason) == ["paired", "equal-scores"])
        #expect(outputs.summary["pairs"] == .integer(1) && outputs.summary["score_gap"] == .number(3))
        #expect(harness.warnings.isEmpty)
    }

    @Test("golden digests")
    func golden() async throws {
        let harness = try StageHarness()
        let first = judged("a", [1, 4, nil, 4.5]), second = judged("b", [3, 3])
        let outputs = try await harness.run(
            PairResponsesStage.self,
            [
                "candidates": [try harness.artifact(first.candidates + second.candidates)],
                "judgements": [try harness.artifact(first.judgements + second.judgements)],
            ])
        Golden(version: 2, digests: ["ledger": "cec45c3a7586", "pairs": "d1b23fa273ee"]).check(
            PairResponsesStage.self, gives: outputs.artifacts.mapValues(\.digest.short))
    }

    @Test("no candidates: an empty artifact and a warning")
    func empty() async throws {
        let harness = try StageHarness()
        let outputs = try await harness.run(
            PairResponsesStage.self,
            [
                "candidates": [try harness.artifact([Candidate]())],
                "judgements": [try harness.artifact([Judgement]())],
            ])
        #expect(outputs.artifacts["pairs"]?.rows == 0)
        #expect(harness.warnings == ["no candidates to pair; the pairs are empty"])
    }

    @Test("the summary says how long responses are, and whether the judge likes long ones")
    func lengths() async throws {
        let harness = try StageHarness()
        func candidate(_ prompt: String, _ index: Int, _ characters: Int) -> Candidate {
            Candidate(
                promptID: prompt, prompt: prompt, index: index, text: String(repeating: "x", count: characters),
                tokens: 1, finish: .stop)
        }
        // Within a longer is better, within b shorter, and c has one length.
        let candidates = [
            candidate("a", 0, 10), candidate("a", 1, 20), candidate("a", 2, 40), candidate("b", 0, 5),
            candidate("b", 1, 30), candidate("c", 0, 8), candidate("c", 1, 8),
        ]
        let judgements = zip(candidates, [1.0, 2, 5, 4, 3, 1, 2]).map { candidate, score in
            Judgement(
                candidateID: candidate.id, promptID: candidate.promptID,
                verdicts: [.init(raw: "", finish: .stop, verdict: .scored(score))])
        }
        let summary = try await harness.run(
            PairResponsesStage.self,
            ["candidates": [try harness.artifact(candidates)], "judgements": [try harness.artifact(judgements)]]
        ).summary
        // c's two responses are one text, and no pair.
        #expect(summary["pairs"] == .integer(2))
        #expect(summary["chosen_characters"] == .number(22.5) && summary["rejected_characters"] == .number(20))
        #expect(summary["chosen_longer"] == .number(0.5))
        #expect(summary["score_length_spearman"]?["mean"] == .number(0))
        #expect(summary["score_length_spearman"]?["prompts"] == .integer(2))
        let spread: JSONValue = .object([
            "least": .integer(5), "median": .integer(10), "p90": .integer(40), "most": .integer(40),
        ])
        #expect(summary["characters"]?["candidates"] == spread)
    }

    @Test("spin pairs seed responses without a judge, and says when the seeds are missing")
    func spin() async throws {
        let harness = try StageHarness()
        let example = SeedExample(tree: "t", prompt: "Why?", response: "Because it is so.")
        let own = Candidate(promptID: example.id, prompt: "Why?", index: 0, text: "So.", tokens: 1, finish: .stop)
        let candidates = try harness.artifact([own])
        let outputs = try await harness.run(
            PairResponsesStage.self, ["candidates": [candidates], "examples": [try harness.artifact([example])]]
        ) { $0.strategy = .spin }
        let pairs = try harness.rows(outputs, "pairs", as: PreferencePair.self)
        #expect(pairs == [PreferencePair(seed: example, rejected: own)])
        #expect(outputs.summary["score_gap"] == .null && outputs.summary["pairs"] == .integer(1))
        let row = try CanonicalJSON.value(of: pairs[0])
        #expect(row["chosen_score"] == .null && row["rejected_score"] == .null)
        await #expect(
            throws: StageError.missingInput(
                stage: "pair", port: "examples", because: "the strategy 'spin' takes their responses as chosen")
        ) { try await harness.run(PairResponsesStage.self, ["candidates": [candidates]]) { $0.strategy = .spin } }
        await #expect(
            throws: StageError.missingInput(
                stage: "pair", port: "judgements", because: "the strategy 'best-worst' goes by scores")
        ) { try await harness.run(PairResponsesStage.self, ["candidates": [candidates]]) }
    }

    @Test("numbers that mean nothing to a strategy are refused")
    func refused() {
        func make(_ change: (inout PairResponsesStage.Parameters) -> Void) throws {
            var parameters = PairResponsesStage.Parameters()
            change(&parameters)
            _ = try PairResponsesStage(parameters: parameters)
        }
        #expect(
            throws: StageError.invalidParameter(
                stage: "pair", name: "rho", problem: "means nothing to 'best-worst'; set 'strategy: length-aware'")
        ) { try make { $0.rho = 0.1 } }
        for rho in [-0.1, 0.5, .nan] {
            #expect(throws: StageError.self) { try make { ($0.strategy, $0.rho) = (.lengthAware, rho) } }
        }
        #expect(throws: StageError.self) { try make { $0.lengthPenalty = 0.1 } }
        #expect(throws: StageError.self) { try make { $0.strategy = .lengthPenalty } }
        #expect(throws: StageError.self) { try make { $0.margin = -1 } }
        #expect(throws: StageError.self) { try make { ($0.strategy, $0.margin) = (.spin, 1) } }
        #expect(throws: StageError.self) { try make { $0.maxPairs = 0 } }
        #expect(throws: Never.self) { try make { ($0.strategy, $0.rho) = (.lengthAware, 0.49) } }
        #expect(throws: Never.self) { try make { ($0.strategy, $0.lengthPenalty) = (.lengthPenalty, 0.001) } }
    }
}
