import Artifacts
import Pipeline
import Stages
import Testing

@Suite("A judge made random")
struct ShuffleJudgementsStageTests {
    /// Judgements of so many responses to each of some prompts; every score occurs once in a prompt.
    private func judgements(prompts: Int, responses: Int) -> [Judgement] {
        (0..<prompts).flatMap { prompt in
            (0..<responses).map { index in
                Judgement(
                    candidateID: "\(prompt)/\(index)", promptID: "\(prompt)",
                    verdicts: [.init(raw: "Score: \(index)", finish: .stop, verdict: .scored(Double(index)))])
            }
        }
    }

    private func shuffle(_ rows: [Judgement], seed: UInt64 = 1) async throws -> (StageOutputs, [Judgement]) {
        let harness = try StageHarness()
        let outputs = try await harness.run(
            ShuffleJudgementsStage.self, ["judgements": [try harness.artifact(rows)]], seed: seed)
        return (outputs, try harness.rows(outputs, "judgements", as: Judgement.self))
    }

    @Test("the scores of a prompt stay with it, and each response gets each of them equally often")
    func dealtAnew() async throws {
        let rows = judgements(prompts: 400, responses: 4)
        let (_, shuffled) = try await shuffle(rows)
        #expect(shuffled.map(\.candidateID) == rows.map(\.candidateID))
        #expect(shuffled.map(\.promptID) == rows.map(\.promptID))
        for first in stride(from: 0, to: shuffled.count, by: 4) {
            #expect(shuffled[first..<first + 4].compactMap(\.score).sorted() == [0, 1, 2, 3])
        }
        let kept = zip(rows, shuffled).count { $0.score == $1.score }
        // A quarter of 1600 by chance: 400, with a standard deviation of 20 (variance of fixed points: 1 a prompt).
        #expect((320...480).contains(kept))
    }

    @Test("a response that was not judged stays so, and another seed deals otherwise")
    func missing() async throws {
        let missing = Judgement(candidateID: "none", promptID: "0", verdicts: [])
        let rows = [missing] + judgements(prompts: 20, responses: 4)
        let (_, shuffled) = try await shuffle(rows)
        #expect(shuffled[0] == missing && shuffled.dropFirst().allSatisfy { $0.score != nil })
        let (_, other) = try await shuffle(rows, seed: 2)
        #expect(other != shuffled)
    }
}
