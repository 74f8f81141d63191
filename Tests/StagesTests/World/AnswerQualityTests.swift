import Artifacts
import Model
import Pipeline
import Stages
import Testing

@Suite("Answers checked by a program")
struct AnswerQualityTests {
    private let tasks = ["begin a end b with c without d size 3", "begin b end a with c without d size 4"]
    /// Three of four are right, the last but for its end; then one of two.
    private let texts = [["a c b", "a c b", "a c b", "a c d"], ["b c e a", "b e e a"]]

    private func candidates(_ texts: [[String]], finish: Finish = .stop) -> [Candidate] {
        zip(tasks, texts).flatMap { task, texts in
            texts.enumerated().map {
                Candidate(promptID: task, prompt: task, index: $0, text: $1, tokens: 3, finish: finish)
            }
        }
    }

    private func judgements(_ candidates: [Candidate], _ scores: [Double?]) -> [Judgement] {
        zip(candidates, scores).map { candidate, score in
            Judgement(
                candidateID: candidate.id, promptID: candidate.promptID,
                verdicts: [
                    .init(raw: "", finish: .stop, verdict: score.map { .scored($0) } ?? .unparsable(.noScore))
                ])
        }
    }

    private func measure(_ inputs: [String: [ArtifactReference]], _ harness: StageHarness) async throws
        -> [String: Measurement]
    {
        let outputs = try await harness.run(CheckAnswersStage.self, inputs) { $0.resamples = 200 }
        let rows = try harness.rows(outputs, "measurements", as: Measurement.self)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0) })
    }

    @Test("right answers are counted, with an interval over tasks; what was not asked for is not measured")
    func success() async throws {
        let harness = try StageHarness()
        let measured = try await measure(["answers": [try harness.artifact(candidates(texts))]], harness)
        #expect(measured.keys.sorted() == ["points", "success"])
        let success = try #require(measured["success"])
        // 3 of 4 and 1 of 2; a resample of one task twice gives 3/4 or 1/2.
        #expect(success.value == 4.0 / 6 && success.count == 6 && success.lower == 0.5 && success.upper == 0.75)
        // `a c d` misses its end and has what it should not, `b e e a` lacks `c`: 3 and 4 where the others have 5.
        #expect(measured["points"]?.value == 4.5)
    }

    @Test("an answer that was cut off is not right, whatever it holds")
    func cutOff() async throws {
        let harness = try StageHarness()
        let measured = try await measure(
            ["answers": [try harness.artifact(candidates(texts, finish: .length))]], harness)
        #expect(measured["success"]?.value == 0)
    }

    @Test("the gain is taken task by task, over the tasks that both answered")
    func gain() async throws {
        let harness = try StageHarness()
        let measured = try await measure(
            [
                "answers": [try harness.artifact(candidates(texts))],
                "baseline": [try harness.artifact(candidates([["a c b", "a a a"], ["b a"]]))],
            ], harness)
        // 3/4 against 1/2, and 1/2 against none.
        #expect(measured["success_gain"]?.value == (0.25 + 0.5) / 2 && measured["success_gain"]?.count == 2)
    }

    @Test("a judge is right about a pair where it scores the right answer higher; a tie is half")
    func judging() async throws {
        let harness = try StageHarness()
        let answers = candidates(texts)
        let measured = try await measure(
            [
                "answers": [try harness.artifact(answers)],
                // Right against wrong: higher, tied, unscored; then lower.
                "judgements": [try harness.artifact(judgements(answers, [5, 3, nil, 3, 2, 4]))],
            ], harness)
        #expect(measured["judge_accuracy"]?.value == 0.25 && measured["judge_accuracy"]?.count == 4)
        #expect(measured["judge_accuracy_tie_half"]?.value == 0.5)
    }

    @Test("training pairs are compared by the wishes that both responses meet")
    func preferences() async throws {
        let harness = try StageHarness()
        let answers = candidates(texts)
        let pairs = [(0, 3), (3, 0), (0, 1)].map {
            PreferencePair(chosen: answers[$0.0], score: 5, rejected: answers[$0.1], score: 1)
        }
        let measured = try await measure(
            ["answers": [try harness.artifact(answers)], "pairs": [try harness.artifact(pairs)]], harness)
        #expect(measured["pairs_true"]?.value == 0.5 && measured["pairs_true"]?.count == 3)
    }

    @Test("answers to other prompts are refused, with the row; none at all give a warning")
    func refused() async throws {
        let harness = try StageHarness()
        let other = [Candidate(promptID: "p7", prompt: "Name a river.", index: 0, text: "", tokens: 0, finish: .stop)]
        let reference = try harness.artifact(other)
        await #expect(throws: StageError.notATask(row: "p7", prompt: "Name a river.")) {
            try await harness.run(CheckAnswersStage.self, ["answers": [reference]])
        }
        let measured = try await measure(["answers": [try harness.artifact([Candidate]())]], harness)
        #expect(measured["success"]?.value == nil && measured["success"]?.count == 0)
        #expect(harness.warnings == ["no answers to check; how good they are is not known"])
    }
}
