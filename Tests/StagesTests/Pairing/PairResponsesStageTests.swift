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
}
