internal import Artifacts
package import Model
package import Pipeline

/// `mt-bench-answer`: lets a model answer MT-Bench's questions (paper §3.1.2, Table 2), turn by turn: the second sees the
/// first and what the model said to it.
package struct AnswerQuestionsStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey {
            case temperatures, precision, weights
            case topP = "top_p", maxTokens = "max_tokens"
        }

        /// FastChat's, by category. The paper does not say.
        package var temperatures = CategoryTemperatures()
        /// FastChat leaves it to the model; 1 cuts nothing off.
        package var topP = 1.0
        /// The longest answer to one turn, in tokens: FastChat's.
        package var maxTokens = 1024
        /// Of matrix products' factors: see `Precision`. The paper does not say.
        package var precision = Precision.bfloat16
        /// Of the model that writes: see `WeightFormat`. The paper does not say.
        package var weights = WeightFormat.full

        package init() {}
    }

    package static let kind: StageKind = "mt-bench-answer"
    package static let version = 1
    package static let usesSeed = true
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        Port("model", schema: CheckpointFile.schema.description),
        Port("questions", schema: ArtifactReference.blobSchema, acceptsMany: true),
    ]
    package static let outputs = [Port("answers", schema: MTBenchAnswer.schema.description)]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        for temperature in parameters.temperatures.all {
            try SamplingParameters(temperature: temperature, topP: parameters.topP).validate()
        }
        try parameters.weights.validate(parameters.precision)
        try Self.require(parameters.maxTokens, in: 1...ParameterLimit.count, "max_tokens")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let questions = try inputs.questions("questions")
        let unknown = Set(questions.map(\.category)).subtracting(MTBenchQuestion.categories)
        if !unknown.isEmpty {
            context.warn(
                "\(unknown.sorted().map { "'\($0)'" }.joined(separator: ", ")) is no category of MT-Bench; its questions "
                    + "are sampled at 'temperatures.other'")
        }
        let model = try context.model("model", of: inputs)
        let writer = try Writer(
            model, precision: parameters.precision, weights: parameters.weights, requests: questions.count,
            context: context)
        let dialogue = TurnWriter(
            writer, conversation: try Conversation(model), parameters: parameters, seed: context.seed,
            total: questions.reduce(0) { $0 + $1.turns.count })
        let answers = try await context.shards("answers", of: MTBenchAnswer.self, items: questions.count) { range in
            try dialogue.answers(to: Array(questions[range]))
        }
        let turns = answers.flatMap(\.turns)
        context.warnOfPromptsThatDoNotFit(turns.map(\.finish), unit: "answers")
        return StageOutputs(
            ["answers": try context.write(answers, to: "answers")],
            summary: .object([
                "questions": .count(questions.count),
                "answers": .count(turns.count),
                "cut_off": .count(turns.count { $0.finish == .length }),
                "does_not_fit": .count(turns.count { $0.finish == .doesNotFit }),
                "mean_tokens": .number(mean(turns.filter { !$0.isMissing }.compactMap(\.tokens).map(Double.init))),
                "mean_characters": .number(
                    mean(turns.filter { !$0.isMissing }.map { Double($0.text.count) })),
            ]))
    }
}

/// Writes the answers to all first turns, then to all second ones.
private struct TurnWriter {
    private let writer: Writer
    private let conversation: Conversation
    private let parameters: AnswerQuestionsStage.Parameters
    private let seed: SeedPath
    /// Turns of the stage, for its progress.
    private let total: Int

    init(
        _ writer: Writer, conversation: Conversation, parameters: AnswerQuestionsStage.Parameters, seed: SeedPath,
        total: Int
    ) {
        self.writer = writer
        self.conversation = conversation
        self.parameters = parameters
        self.seed = seed
        self.total = total
    }

    func answers(to questions: [MTBenchQuestion]) throws -> [MTBenchAnswer] {
        var turns = questions.map { _ in [MTBenchAnswer.Turn]() }
        for turn in 0..<MTBenchQuestion.mostTurns {
            let due = questions.indices.filter { turn < questions[$0].turns.count }
            // Behind a turn that did not fit, the next one fits even less.
            let asked = due.filter { turns[$0].last?.finish != .doesNotFit }
            let requests = try asked.map { try request(questions[$0], after: turns[$0]) }
            var results = try writer.write(requests, of: total, unit: "answers")[...]
            for place in due {
                let result = asked.contains(place) ? results.popFirst() : nil
                turns[place].append(
                    MTBenchAnswer.Turn(
                        prompt: questions[place].turns[turn], text: result?.text ?? "",
                        tokens: result?.tokens.count ?? 0, finish: result.map { Finish($0.finish) } ?? .doesNotFit))
            }
        }
        return zip(questions, turns).map {
            MTBenchAnswer(questionID: $0.id, category: $0.category, turns: $1)
        }
    }

    private func request(_ question: MTBenchQuestion, after turns: [MTBenchAnswer.Turn]) throws -> GenerationRequest {
        var messages = turns.flatMap { [ChatMessage(.user, $0.prompt), ChatMessage(.assistant, $0.text)] }
        messages.append(ChatMessage(.user, question.turns[turns.count]))
        return GenerationRequest(
            prompt: try conversation.prompt(messages), maximumNewTokens: parameters.maxTokens,
            stopTokens: conversation.stopTokens,
            sampling: SamplingParameters(
                temperature: parameters.temperatures.of(question.category), topP: parameters.topP),
            randomKey: seed.child(String(question.id), String(turns.count + 1), "answer").key)
    }
}
