internal import Artifacts
package import Model
package import Pipeline

/// `sft`: supervised fine-tuning on instruction and evaluation examples (paper §3.1.3), loss on target tokens only.
package struct FineTuneStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey {
            case schedule, epochs, dropout, precision
            case learningRate = "learning_rate", finalLearningRate = "final_learning_rate"
            case warmupSteps = "warmup_steps", maxSteps = "max_steps", batchSize = "batch_size"
            case weightDecay = "weight_decay", maxGradientNorm = "max_gradient_norm", maxTokens = "max_tokens"
            case evaluateEvery = "evaluate_every"
            case loraRank = "lora_rank", loraAlpha = "lora_alpha"
        }

        /// Paper §3.1.3.
        package var learningRate = 5.5e-6
        /// Paper §3.1.3: where the rate ends.
        package var finalLearningRate = 1.1e-6
        /// Paper §3.1.3.
        package var schedule = LearningRateSchedule.Shape.cosine
        package var warmupSteps = 0
        /// The paper does not say.
        package var epochs = 1
        package var maxSteps: Int?
        /// Paper §3.1.3.
        package var batchSize = 16
        /// Paper §3.1.3.
        package var dropout = 0.1
        package var weightDecay = 0.0
        /// TRL's default; the paper does not say.
        package var maxGradientNorm: Double? = 1.0
        /// Trains factors of this rank in place of the layers' matrices (LoRA), and gives the merged weights; null trains
        /// all weights, as the paper does.
        package var loraRank: Int?
        /// LoRA's α: the factors' product is scaled by α / rank; null is 8, PEFT's default for a rank of 8.
        package var loraAlpha: Double?
        /// Longer examples are left out, and counted. The model's context bounds it too.
        package var maxTokens = 2048
        /// After how many steps the loss of `validation` is taken; null for once, at the end.
        package var evaluateEvery: Int?
        /// Of matrix products' factors: see `Precision`. The paper does not say.
        package var precision = Precision.bfloat16

        package init() {}

        var settings: TrainingSettings {
            TrainingSettings(
                learningRate: learningRate, finalLearningRate: finalLearningRate, schedule: schedule,
                warmupSteps: warmupSteps, epochs: epochs, maxSteps: maxSteps, batchSize: batchSize, dropout: dropout,
                weightDecay: weightDecay, maxGradientNorm: maxGradientNorm, loraRank: loraRank, loraAlpha: loraAlpha)
        }
    }

    package static let kind: StageKind = "sft"
    package static let version = 1
    package static let usesSeed = true
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        Port("model", schema: CheckpointFile.schema.description),
        Port("examples", schema: SeedExample.schema.description, isOptional: true, acceptsMany: true),
        Port("judge-examples", schema: JudgeExample.schema.description, isOptional: true, acceptsMany: true),
        Port("responses", schema: BestResponse.schema.description, isOptional: true, acceptsMany: true),
        Port("validation", schema: SeedExample.schema.description, isOptional: true, acceptsMany: true),
    ]
    package static let outputs = [
        Port("model", schema: CheckpointFile.schema.description),
        Port("training-log", schema: TrainingStep.schema.description),
    ]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try parameters.settings.validate(for: Self.self, evaluateEvery: parameters.evaluateEvery)
        try Self.require(parameters.maxTokens, in: 2...ParameterLimit.count, "max_tokens")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let examples = try inputs.optionalRows("examples", as: SeedExample.self) ?? []
        let judged = try inputs.optionalRows("judge-examples", as: JudgeExample.self) ?? []
        let responses = try inputs.optionalRows("responses", as: BestResponse.self) ?? []
        guard !examples.isEmpty || !judged.isEmpty || !responses.isEmpty else {
            throw StageError.nothingToTrainOn(stage: Self.kind.rawValue)
        }
        let model = try context.model("model", of: inputs)
        let turns =
            examples.map { Turn(prompt: $0.prompt, response: $0.response) }
            + judged.map { Turn(prompt: $0.input, response: $0.target) }
            + responses.map { Turn(prompt: $0.prompt, response: $0.response, finish: $0.finish) }
        let fitting = try encode(turns, for: model, what: "examples", context)
        guard !fitting.isEmpty else { throw StageError.nothingToTrainOn(stage: Self.kind.rawValue) }
        let validation = try encode(
            (inputs.optionalRows("validation", as: SeedExample.self) ?? []).map {
                Turn(prompt: $0.prompt, response: $0.response)
            }, for: model, what: "validation examples", context)
        let trainer = try Trainer(
            model: model.model, task: .supervised(fitting), configuration: parameters.settings.configuration,
            seed: context.seed.child("training").key, precision: parameters.precision,
            recomputesActivations: context.execution.checkpointsGradients,
            pool: WorkerPool(threads: context.execution.threads))
        let heldOut = validation.isEmpty ? nil : (TrainingTask.supervised(validation), parameters.evaluateEvery)
        let steps = try await TrainingRun(trainer: trainer, context: context, heldOut: heldOut).run()
        let checkpoint = try context.writeCheckpoint(model, to: "model")
        var summary = TrainingSummary.members(steps, metrics: ["loss", "mean_token_accuracy", "eval_loss"])
        summary["examples"] = .count(examples.count)
        summary["judge_examples"] = .count(judged.count)
        summary["responses"] = .count(responses.count)
        summary["too_long"] = .count(turns.count - fitting.count)
        return StageOutputs(
            [
                "model": checkpoint.reference,
                "training-log": try context.write(steps, to: "training-log"),
            ],
            summary: .object(summary), blobs: checkpoint.blobs)
    }

    private struct Turn {
        var prompt: String
        var response: String
        /// Only what was finished is learned with its end.
        var finish = Finish.stop
    }

    /// The turns that are not too long, as the model reads them.
    private func encode(
        _ turns: [Turn], for model: PretrainedModel, what: String, _ context: StageContext
    ) throws -> [SupervisedExample] {
        let conversation = try Conversation(model)
        let limit = min(parameters.maxTokens, model.model.configuration.contextLength)
        let encoded = try turns.map { turn in
            SupervisedExample(
                prompt: try conversation.prompt(turn.prompt),
                response: try conversation.reply(turn.response, finish: turn.finish))
        }
        let fitting = encoded.filter { $0.tokens.count <= limit }
        if fitting.count < encoded.count {
            context.warn(
                "\(encoded.count - fitting.count) of \(encoded.count) \(what) are longer than \(limit) tokens")
        }
        return fitting
    }
}
