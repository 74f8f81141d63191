internal import Artifacts
package import Model
package import Pipeline

/// `evaluate-benchmarks`: scores a model on one of the nine NLP benchmarks of the paper's Table 3, as the LM evaluation
/// harness does. `docs/benchmarks.md` says how each is scored and which files are read.
package struct EvaluateBenchmarksStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey {
            case task, shots, limit, selection, chat, description, resamples, precision, weights
            case maxTokens = "max_tokens"
        }

        /// Must be set.
        package var task: BenchmarkTask?
        /// Demonstrations before each question: the first of the files at `shots`. The paper does not say; the Llama 2
        /// report, whose values it gives for Llama 2, has 8 for GSM8K, 5 for MMLU and none for the others.
        package var shots = 0
        /// How many items are asked; null is all.
        package var limit: Int?
        /// Which they are.
        package var selection = BenchmarkSelection.sample
        /// Whether a prompt is a user's message in the model's chat template. The harness's default is that it is not.
        package var chat = false
        /// What stands before everything; null is the harness's.
        package var description: String?
        /// The longest written answer, in tokens: the harness's default.
        package var maxTokens = 256
        /// Bootstrap resamples behind each interval. The paper gives no intervals.
        package var resamples = 2000
        /// Of matrix products' factors: see `Precision`. The paper does not say.
        package var precision = Precision.bfloat16
        /// Of a model that writes its answers: see `WeightFormat`. The paper does not say.
        package var weights = WeightFormat.full

        package init() {}
    }

    package static let kind: StageKind = "evaluate-benchmarks"
    package static let version = 2
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        Port("model", schema: CheckpointFile.schema.description),
        Port("items", schema: ArtifactReference.blobSchema, acceptsMany: true),
        // Where demonstrations come from.
        Port("shots", schema: ArtifactReference.blobSchema, isOptional: true, acceptsMany: true),
    ]
    package static let outputs = [
        Port("measurements", schema: Measurement.schema.description),
        Port("answers", schema: BenchmarkAnswer.schema.description),
    ]

    private let parameters: Parameters
    private let task: BenchmarkTask

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.shots, in: 0...ParameterLimit.workedExamples, "shots")
        try Self.require(parameters.maxTokens, in: 1...ParameterLimit.count, "max_tokens")
        try Self.require(parameters.resamples, in: ParameterLimit.resamples, "resamples")
        if let limit = parameters.limit { try Self.require(limit, in: 1...ParameterLimit.count, "limit") }
        try parameters.weights.validate(parameters.precision)
        guard let task = parameters.task else {
            throw StageError.invalidParameter(
                stage: Self.kind.rawValue, name: "task",
                problem:
                    "is missing; set it to one of \(BenchmarkTask.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.task = task
        try Self.require(
            task.isGenerated || parameters.weights == .full, "weights",
            "is '\(parameters.weights.rawValue)', and choices are scored with all bits of the weights; set 'full'"
        )
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let questions = try questions(inputs)
        let model = try context.model("model", of: inputs)
        let answer = try answering(questions.count, model, context)
        let answers = try await context.shards("answers", of: BenchmarkAnswer.self, items: questions.count) { range in
            let answers = try answer(questions[range])
            if !task.isGenerated { context.progress(range.upperBound, of: questions.count, unit: "items") }
            return answers
        }
        warn(answers, context)
        let measurements = BenchmarkAccuracy(
            task, answers, estimator: context.estimator(resamples: parameters.resamples)
        ).measurements
        return StageOutputs(
            [
                "measurements": try context.write(measurements, to: "measurements"),
                "answers": try context.write(answers, to: "answers"),
            ],
            summary: .object([
                "task": .string(task.rawValue), "items": .count(answers.count),
                "truncated": .count(answers.count { $0.truncated > 0 }),
                "measurements": .measurements(measurements),
            ]))
    }

    /// The items to be asked, in the order of their files, with all that stands before their answers.
    private func questions(_ inputs: StageInputs) throws -> [BenchmarkQuestion] {
        let items = try BenchmarkFileReader.items(inputs.namedBlobs("items"), of: task)
        try Self.require(
            parameters.shots == 0 || !items.contains(where: \.isWholePrompt), "shots",
            "is \(parameters.shots), and the requests at 'items' have their demonstrations in them; set it to 0")
        var pool: [BenchmarkItem] = []
        if parameters.shots > 0 {
            guard inputs.isConnected("shots") else {
                throw StageError.missingInput(
                    stage: Self.kind.rawValue, port: "shots", because: "'shots' is \(parameters.shots)")
            }
            pool = try BenchmarkFileReader.items(inputs.namedBlobs("shots"), of: task)
            try Self.require(
                !pool.contains(where: \.isWholePrompt), "shots",
                "is \(parameters.shots), and the files of 'shots' hold requests; give rows of the data set")
        }
        let prompt = FewShotPrompt(
            task: task, shots: parameters.shots, pool: pool, description: parameters.description)
        return try parameters.selection.places(in: items, limit: parameters.limit).map { place in
            BenchmarkQuestion(
                task: task, item: items[place], row: place, prompt: try prompt.text(before: items[place]))
        }
    }

    /// How the model answers some of `total` questions.
    private func answering(
        _ total: Int, _ model: PretrainedModel, _ context: StageContext
    ) throws -> (ArraySlice<BenchmarkQuestion>) throws -> [BenchmarkAnswer] {
        let encoder = try ContinuationEncoder(model, chat: parameters.chat)
        guard task.isGenerated else {
            return ChoiceScoring(model, encoder: encoder, precision: parameters.precision, context: context).answers
        }
        let writer = try Writer(
            model, precision: parameters.precision, weights: parameters.weights, requests: total, context: context)
        return AnswerWriting(writer, encoder: encoder, maxTokens: parameters.maxTokens, total: total).answers
    }

    private func warn(_ answers: [BenchmarkAnswer], _ context: StageContext) {
        let truncated = answers.count { $0.truncated > 0 }
        if truncated > 0 {
            context.warn(
                "\(truncated) of \(answers.count) prompts were cut off at their beginning to fit the model's context; "
                    + "fewer shots would fit")
        }
        let missing = answers.count { $0.choices?.contains { $0.logProbability == nil } ?? false }
        if missing > 0 {
            context.warn(
                "\(missing) of \(answers.count) items have a choice that does not fit the context: they are wrong"
            )
        }
    }
}
