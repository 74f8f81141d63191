internal import Model
internal import Pipeline

/// A model of the store that writes the replies of a judge.
final class ModelReplyWriter: ReplyWriter {
    private let writer: Writer
    private let conversation: Conversation
    private let sampling: SamplingParameters
    private let maxTokens: Int
    private let workedExamples: [WorkedExample]
    private let seed: SeedPath

    /// - Parameters:
    ///   - workedExamples: stand before each task.
    ///   - seed: of the stage.
    init(
        _ writer: Writer, sampling: SamplingParameters, maxTokens: Int, workedExamples: [WorkedExample] = [],
        seed: SeedPath
    ) throws {
        self.writer = writer
        self.sampling = sampling
        self.maxTokens = maxTokens
        self.workedExamples = workedExamples
        self.seed = seed
        conversation = try Conversation(writer.model)
    }

    func replies(to tasks: [JudgeTask], samples: Int, of total: Int?) throws -> [[WrittenReply]] {
        let requests = try tasks.flatMap { task in
            let prompt = try prompt(task)
            return (0..<samples).map { sample in
                GenerationRequest(
                    prompt: prompt, maximumNewTokens: maxTokens, stopTokens: conversation.stopTokens,
                    sampling: sampling, randomKey: seed.child(task.id, String(sample), "verdict").key)
            }
        }
        let results = try writer.write(requests, of: total, unit: "verdicts")
        return tasks.indices.map { task in
            results[(task * samples)..<((task + 1) * samples)].map {
                WrittenReply(text: $0.text, finish: Finish($0.finish))
            }
        }
    }

    func logProbabilities(of alternatives: [AlternativeEndings]) throws -> [[Float]?] {
        var result = [[Float]?](repeating: nil, count: alternatives.count)
        let leads = try alternatives.map(lead)
        // A tokenizer may join the deciding token with what stands before it, differently after different texts.
        for (choices, members) in leads.enumerated().grouped(by: { $0.element.choices }) {
            let fitting = members.filter { $0.element.tokens.count <= writer.model.model.configuration.contextLength }
            let rows = try writer.logProbabilities(after: fitting.map(\.element.tokens), of: choices)
            for (member, row) in zip(fitting, rows) { result[member.offset] = row }
        }
        return result
    }

    /// The tokens up to where the alternatives part, prompt included, and the tokens that follow there.
    /// - Throws: `StageError.alternativesAlike` where two of them go on alike: their probabilities cannot be told apart there.
    private func lead(_ alternatives: AlternativeEndings) throws -> (tokens: [Int32], choices: [Int32]) {
        let replies = alternatives.replies.map { conversation.tokenizer.encodeContinuation($0) }
        var shared = 0
        while replies.allSatisfy({ $0.count > shared && $0[shared] == replies[0][shared] }) { shared += 1 }
        let choices = replies.map { $0.count > shared ? $0[shared] : $0[$0.count - 1] }
        guard Set(choices).count == choices.count else {
            throw StageError.alternativesAlike(replies: alternatives.replies.map { String($0.suffix(24)) })
        }
        return (try prompt(alternatives.task) + replies[0].prefix(shared), choices)
    }

    private func prompt(_ task: JudgeTask) throws -> [Int32] {
        try conversation.prompt(task.text, after: workedExamples)
    }
}
