internal import Model
internal import Pipeline

/// Asks a model how likely it finds the choices of questions.
///
/// What the choices of a question have in common, and questions with the same shots that stand together, is computed
/// once; the numbers have the same bits as apart.
struct ChoiceScoring {
    /// Rows computed at once, so that shared shots are computed once for many questions.
    private static let tokensPerMicroBatch = 4_096

    private let scorer: SequenceScorer
    private let encoder: ContinuationEncoder
    private let context: StageContext

    init(_ model: PretrainedModel, encoder: ContinuationEncoder, precision: Precision, context: StageContext) {
        self.encoder = encoder
        self.context = context
        scorer = SequenceScorer(
            model: model.model, precision: precision, pool: WorkerPool(threads: context.execution.threads),
            tokensPerMicroBatch: Self.tokensPerMicroBatch)
    }

    /// - Throws: `StageError.invalidParameter` for an empty choice in a chat, where not even its space is left to be told.
    private func encode(
        _ choice: BenchmarkItem.Choice, _ question: BenchmarkQuestion
    ) throws -> ContinuationEncoder.Encoded? {
        let encoded = try encoder.encode(question.prompt, choice.continuation)
        try EvaluateBenchmarksStage.require(
            encoded?.continuation.isEmpty != true, "chat",
            "is true, and item \(question.row + 1) has a choice without a token; set it to false")
        return encoded
    }

    func answers(to questions: some Sequence<BenchmarkQuestion>) throws -> [BenchmarkAnswer] {
        let encoded = try questions.map { question in
            (question, try question.choices.map { try encode($0, question) })
        }
        let requests = encoded.flatMap { $1 }.compactMap { choice in
            choice.map { SequenceScorer.Request(prompt: $0.prompt, completion: $0.continuation) }
        }
        var scores = try scorer.score(requests, checkCancellation: context.checkCancellation)[...]
        return encoded.map { question, encoded in
            let choices = zip(question.choices, encoded).map { choice, encoded in
                let score = encoded == nil ? nil : scores.popFirst()
                return BenchmarkAnswer.Choice(
                    text: choice.text, logProbability: score?.logProbability, tokens: score?.tokens ?? 0)
            }
            return BenchmarkAnswer(
                question, choices: choices, gold: question.gold,
                truncated: encoded.map { $0?.truncated ?? 0 }.max() ?? 0)
        }
    }
}

/// Lets a model write the answers to questions, always with its likeliest token.
struct AnswerWriting {
    private let writer: Writer
    private let encoder: ContinuationEncoder
    private let maxTokens: Int
    private let total: Int

    /// - Parameter total: how many questions there are in all.
    init(_ writer: Writer, encoder: ContinuationEncoder, maxTokens: Int, total: Int) {
        self.writer = writer
        self.encoder = encoder
        self.maxTokens = maxTokens
        self.total = total
    }

    func answers(to questions: some Collection<BenchmarkQuestion>) throws -> [BenchmarkAnswer] {
        let prompts = try questions.map { question in
            guard let prompt = try encoder.encode(question.prompt, room: maxTokens) else {
                throw StageError.invalidParameter(
                    stage: EvaluateBenchmarksStage.kind.rawValue, name: "max_tokens",
                    problem: "is \(maxTokens), which leaves a prompt no room in the model's context; lower it")
            }
            return prompt
        }
        let requests = zip(questions, prompts).map { question, prompt in
            GenerationRequest(
                prompt: prompt.tokens, maximumNewTokens: maxTokens, stopTokens: encoder.stopTokens,
                stopStrings: question.item.stopStrings ?? question.task.stopStrings, sampling: .greedy)
        }
        let results = try writer.write(requests, of: total, unit: "items")
        return zip(zip(questions, prompts), results).map { asked, result in
            BenchmarkAnswer(
                asked.0,
                reply: .init(text: result.text, tokens: result.tokens.count, finish: Finish(result.finish)),
                accepted: asked.0.accepted, truncated: asked.1.truncated)
        }
    }
}

extension BenchmarkQuestion {
    fileprivate var choices: [BenchmarkItem.Choice] {
        if case .choice(let choices, _) = item.target { choices } else { [] }
    }

    fileprivate var gold: Int { if case .choice(_, let gold) = item.target { gold } else { 0 } }

    fileprivate var accepted: [String] { if case .text(let accepted) = item.target { accepted } else { [] } }
}
