internal import Model
internal import Pipeline

/// The settings that both kinds of training share, under the names of pipeline files.
struct TrainingSettings {
    var learningRate: Double
    var finalLearningRate: Double
    var schedule: LearningRateSchedule.Shape
    var warmupSteps: Int
    var epochs: Int
    var maxSteps: Int?
    var batchSize: Int
    var dropout: Double
    var weightDecay: Double
    var maxGradientNorm: Double?
    var loraRank: Int?
    var loraAlpha: Double?

    /// Pipeline files know these by other words than the model does.
    private static let names = [
        "peak": "learning_rate", "floor": "final_learning_rate", "warmupSteps": "warmup_steps", "epochs": "epochs",
        "batchSize": "batch_size", "maximumSteps": "max_steps", "dropout": "dropout", "weightDecay": "weight_decay",
        "maximumGradientNorm": "max_gradient_norm", "labelSmoothing": "label_smoothing", "beta": "beta",
        "targetMargin": "target_margin", "likelihoodWeight": "likelihood_weight", "rank": "lora_rank",
        "alpha": "lora_alpha",
    ]

    var configuration: OptimizationConfiguration {
        OptimizationConfiguration(
            schedule: LearningRateSchedule(
                shape: schedule, peak: learningRate, floor: finalLearningRate, warmupSteps: warmupSteps),
            epochs: epochs, batchSize: batchSize, maximumSteps: maxSteps, dropout: dropout, weightDecay: weightDecay,
            maximumGradientNorm: maxGradientNorm,
            lowRank: loraRank.map { LowRankConfiguration(rank: $0, alpha: loraAlpha ?? 8) })
    }

    /// - Parameter evaluateEvery: the stage's parameter of that name.
    /// - Throws: `StageError.invalidParameter`.
    func validate<Kind: Stage>(for stage: Kind.Type, evaluateEvery: Int?) throws {
        try Self.renaming(stage: stage.kind.rawValue) { try configuration.validate() }
        try stage.require(loraAlpha == nil || loraRank != nil, "lora_alpha", "means nothing without 'lora_rank'")
        if let evaluateEvery { try stage.require(evaluateEvery, in: 1...ParameterLimit.count, "evaluate_every") }
    }

    /// - Throws: `StageError.invalidParameter` with the name that the pipeline file uses.
    static func renaming(stage: String, _ check: () throws -> Void) throws {
        do {
            try check()
        } catch ModelError.configuration(let field, let problem) {
            throw StageError.invalidParameter(stage: stage, name: names[field] ?? field, problem: problem)
        }
    }
}
