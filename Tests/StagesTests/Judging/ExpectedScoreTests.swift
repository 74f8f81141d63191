import Foundation
import Model
import Stages
import TestSupport
import Testing

@Suite("Expected scores")
struct ExpectedScoreTests {
    /// Each score's probability by the pass that trains: of the whole reply that states it, without what goes on to state another.
    private struct Oracle {
        let model: PretrainedModel
        let template: JudgeTemplate

        func expectation(instruction: String, response: String, reply: Judgement.Reply) throws -> Double {
            let message = template.render(instruction: instruction, response: response)
            let prompt = try model.requiredChatTemplate().encode(
                [ChatMessage(.user, message)], addGenerationHeader: true, tokenizer: model.tokenizer)
            let scale = Array(template.form.scale)
            let reasons = VerdictParser(template.form).justification(in: reply.raw, finish: reply.finish)
            let replies = scale.map {
                model.tokenizer.encodeContinuation("\(reasons)\n\n\(template.form.label): \($0)")
            }
            let scorer = SequenceScorer(model: model.model, pool: WorkerPool(threads: 1))
            let logs = try scorer.score(replies.map { .init(prompt: prompt, completion: $0) }).map(\.logProbability)
            let largest = try #require(logs.max())
            let begun = logs.map { exp($0 - largest) }
            let stated = replies.indices.map { place in
                let longer = replies.indices.filter { $0 != place && replies[$0].starts(with: replies[place]) }
                return begun[place] - longer.reduce(0) { $0 + begun[$1] }
            }
            return zip(scale, stated).reduce(0) { $0 + Double($1.0) * $1.1 } / stated.reduce(0, +)
        }
    }

    @Test(
        "are the probabilities of all replies that state one, also where one score begins another",
        arguments: ["0 to 5", "1 to 10", "0 to 10"])
    func againstWholeReplies(scale: String) async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let rubric = "---\nscale: \(scale)\nlabel: Rating\n---\nRate.\nUser: {instruction}\nAnswer: {response}\n"
        let candidates = ["The Nile.", "Rivers, and more rivers."].enumerated().map { index, text in
            Candidate(
                promptID: "p", prompt: "Name a river.", index: index, text: text, tokens: 3, finish: .stop)
        }
        let outputs = try await loop.harness.run(
            JudgeResponsesStage.self,
            [
                "model": [try loop.artifact("m0.model")], "candidates": [loop.harness.artifact(candidates)],
                "rubric": [loop.harness.blob(rubric)],
            ]
        ) { ($0.samples, $0.maxTokens, $0.scoring, $0.precision) = (2, 4, .expected, .single) }
        let judgements = try loop.harness.rows(outputs, "judgements", as: Judgement.self)
        let oracle = Oracle(
            model: try Checkpoint.load(loop.artifact("m0.model"), from: loop.harness.store),
            template: try JudgeTemplate(rubric, name: "rubric"))
        for (candidate, judgement) in zip(candidates, judgements) {
            for reply in judgement.verdicts {
                let expected = try oracle.expectation(
                    instruction: candidate.prompt, response: candidate.text, reply: reply)
                // Single-precision logarithms of one to three tokens on either side; what stands before them is the same.
                #expect(abs(try #require(reply.expected) - expected) < 1e-4)
            }
        }
        #expect(Set(judgements.flatMap(\.verdicts).map(\.expected)).count > 1)
    }
}
