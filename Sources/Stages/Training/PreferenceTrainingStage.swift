internal import Artifacts
package import Model
package import Pipeline

/// `dpo`: trains the policy on preference pairs (paper §2.3, §3.1.3).
package struct PreferenceTrainingStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey {
            case schedule, epochs, dropout, beta, loss, precision, stopping
            case learningRate = "learning_rate", finalLearningRate = "final_learning_rate"
            case warmupSteps = "warmup_steps", maxSteps = "max_steps", batchSize = "batch_size"
            case weightDecay = "weight_decay", maxGradientNorm = "max_gradient_norm"
            case labelSmoothing = "label_smoothing", targetMargin = "target_margin"
            case likelihoodWeight = "likelihood_weight", evaluateEvery = "evaluate_every"
            case loraRank = "lora_rank", loraAlpha = "lora_alpha"
        }

        /// Paper §3.1.3.
        package var learningRate = 1e-6
        /// Paper §3.1.3: where the rate ends.
        package var finalLearningRate = 1e-7
        /// The paper says that it decays; cosine as for SFT.
        package var schedule = LearningRateSchedule.Shape.cosine
        package var warmupSteps = 0
        /// The paper stops early by evaluation instead.
        package var epochs = 1
        package var maxSteps: Int?
        /// Pairs: paper §3.1.3.
        package var batchSize = 16
        /// Paper §3.1.3. With it, the first loss is not exactly ln 2.
        package var dropout = 0.1
        package var weightDecay = 0.0
        /// TRL's default; the paper does not say.
        package var maxGradientNorm: Double? = 1.0
        /// Trains factors of this rank in place of the layers' matrices (LoRA), and gives the merged weights; null trains
        /// all weights, as the paper does.
        package var loraRank: Int?
        /// LoRA's α: the factors' product is scaled by α / rank; null is 8, PEFT's default for a rank of 8.
        package var loraAlpha: Double?
        /// Paper §3.1.3.
        package var beta = 0.1
        /// DPO, under TRL's name; its relatives by theirs.
        package var loss = "sigmoid"
        package var labelSmoothing = 0.0
        /// SimPO's γ; other losses do not look at it.
        package var targetMargin = 0.5
        /// Weight of the likelihood of the chosen responses beside the loss; the paper has none.
        package var likelihoodWeight = 0.0
        /// After how many steps the metrics of `validation-pairs` are taken; null for once, at the end.
        package var evaluateEvery: Int?
        /// How checkpoints are compared where prompts are connected to `stopping-prompts`, as in the paper (§3.1.3).
        package var stopping = StoppingSettings()
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

    package static let kind: StageKind = "dpo"
    package static let version = 3
    package static let usesSeed = true
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        Port("model", schema: CheckpointFile.schema.description),
        Port("pairs", schema: PreferencePair.schema.description, acceptsMany: true),
        // The reference's view of the validation pairs too.
        Port("reference-logps", schema: ReferenceLogProbabilities.schema.description, acceptsMany: true),
        Port("validation-pairs", schema: PreferencePair.schema.description, isOptional: true, acceptsMany: true),
        // Early stopping: prompts that nothing is trained on, who judges the answers, and how it is asked.
        SampledPrompt.port("stopping-prompts", isOptional: true),
        ServedModel.judgePort("stopping-judge", isOptional: true),
        Port("stopping-rubric", schema: ArtifactReference.blobSchema, isOptional: true),
    ]
    package static let outputs = [
        Port("model", schema: CheckpointFile.schema.description),
        Port("training-log", schema: TrainingStep.schema.description),
        // Of each checkpoint: its answers, and what was said of them against those before.
        Port("stopping-responses", schema: Candidate.schema.description, isOptional: true),
        Port("stopping-verdicts", schema: PairwiseJudgement.schema.description, isOptional: true),
    ]

    private static let metrics = [
        "loss", "rewards/accuracies", "rewards/margins", "rewards/chosen", "rewards/rejected", "logps/chosen",
        "logps/rejected", "logps/chosen_per_token", "lengths/chosen", "lengths/rejected", "eval_loss",
        "eval_rewards/accuracies", "kl",
    ]

    let parameters: Parameters
    private let objective: PreferenceObjective

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        guard let loss = PreferenceLoss(rawValue: parameters.loss) else {
            let known = PreferenceLoss.allCases.map(\.rawValue).joined(separator: ", ")
            throw StageError.invalidParameter(
                stage: Self.kind.rawValue, name: "loss", problem: "is '\(parameters.loss)'; name one of \(known)")
        }
        let objective = PreferenceObjective(
            loss: loss, beta: parameters.beta, labelSmoothing: parameters.labelSmoothing,
            targetMargin: parameters.targetMargin, likelihoodWeight: parameters.likelihoodWeight)
        self.objective = objective
        try parameters.settings.validate(for: Self.self, evaluateEvery: parameters.evaluateEvery)
        try parameters.stopping.validate(for: Self.self)
        try TrainingSettings.renaming(stage: Self.kind.rawValue) { try objective.validate() }
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let pairs = try inputs.rows("pairs", as: PreferencePair.self)
        let validation = try inputs.optionalRows("validation-pairs", as: PreferencePair.self) ?? []
        let reference = try inputs.rows("reference-logps", as: ReferenceLogProbabilities.self)
        let references = Dictionary(reference.map { ($0.id, $0) }) { first, _ in first }
        let known = referenced(pairs, by: references, what: "pairs", context)
        let heldOut = referenced(validation, by: references, what: "validation pairs", context)
        guard !known.isEmpty else {
            context.warn("no pairs to learn from; the model is passed on unchanged")
            return try outputs(
                try context.passCheckpoint("model", of: inputs), [], used: 0, of: pairs.count, stopping: nil, context)
        }
        let model = try context.model("model", of: inputs)
        let conversation = try Conversation(model)
        let encoded = Dictionary(
            try (known + heldOut).map { ($0.id, try EncodedPair($0, conversation)) }
        ) { first, _ in first }
        func examples(_ pairs: [PreferencePair]) throws -> [PreferenceExample] {
            try pairs.compactMap { pair in
                guard let pair = encoded[pair.id], let reference = references[pair.pair.id] else { return nil }
                return try example(pair, reference, among: encoded)
            }
        }
        let trainer = try Trainer(
            model: model.model, task: .preference(examples(known), objective),
            configuration: parameters.settings.configuration, seed: context.seed.child("training").key,
            precision: parameters.precision,
            recomputesActivations: context.execution.checkpointsGradients,
            pool: WorkerPool(threads: context.execution.threads))
        let task = heldOut.isEmpty ? nil : TrainingTask.preference(try examples(heldOut), objective)
        let contest = try contest(for: model, inputs, context)
        let steps = try await TrainingRun(
            trainer: trainer, context: context, heldOut: task.map { ($0, parameters.evaluateEvery) }, contest: contest
        ).run()
        if let contest { warn(of: contest, context) }
        var outputs = try outputs(
            try context.writeCheckpoint(model, to: "model"), steps, used: known.count, of: pairs.count,
            stopping: contest?.summary, context)
        if let contest {
            let written = try contest.written()
            outputs.summary = try outputs.summary.reproducible(asFrom: "stopping-judge", of: inputs)
            outputs.artifacts["stopping-responses"] = try context.write(written.responses, to: "stopping-responses")
            outputs.artifacts["stopping-verdicts"] = try context.write(written.verdicts, to: "stopping-verdicts")
        }
        return outputs
    }

    /// The pairs of which the reference's view is known.
    private func referenced(
        _ pairs: [PreferencePair], by references: [String: ReferenceLogProbabilities], what: String,
        _ context: StageContext
    ) -> [PreferencePair] {
        let known = pairs.filter { references[$0.id] != nil }
        if known.count < pairs.count {
            context.warn("\(pairs.count - known.count) of \(pairs.count) \(what) have no reference log-probabilities")
        }
        return known
    }

    /// - Throws: `StageError.referenceMismatch` where the reference saw other tokens: another tokenizer or template;
    ///   `.referencePrecision` where it was computed in another precision.
    private func example(
        _ pair: EncodedPair, _ reference: ReferenceLogProbabilities, among pairs: [String: EncodedPair]
    ) throws -> PreferenceExample {
        guard reference.chosenTokens == pair.chosen.count, reference.rejectedTokens == pair.rejected.count else {
            throw StageError.referenceMismatch(pair: pair.pair.id)
        }
        guard reference.precision == parameters.precision else {
            throw StageError.referencePrecision(
                reference: reference.precision.rawValue, policy: parameters.precision.rawValue)
        }
        return PreferenceExample(
            prompt: pair.prompt, chosen: pair.chosen, rejected: pair.rejected, referenceChosen: reference.chosen,
            referenceRejected: reference.rejected,
            mismatched: objective.loss.needsDivergence ? try mismatched(pair, reference, among: pairs) : [])
    }

    /// The responses of another pair as the reference saw them behind this one's prompt.
    /// - Throws: `StageError.noMismatchedCompletion` where it did not; `.mismatchedPairMissing` where that pair is not
    ///   among `pairs`; `.referenceMismatch`.
    private func mismatched(
        _ pair: EncodedPair, _ reference: ReferenceLogProbabilities, among pairs: [String: EncodedPair]
    ) throws -> [MismatchedCompletion] {
        guard let mismatched = reference.mismatched else {
            throw StageError.noMismatchedCompletion(pair: pair.pair.id)
        }
        guard let other = pairs[mismatched.pair] else {
            throw StageError.mismatchedPairMissing(pair: pair.pair.id, mismatched: mismatched.pair)
        }
        guard mismatched.chosenTokens <= other.chosen.count, mismatched.rejectedTokens <= other.rejected.count else {
            throw StageError.referenceMismatch(pair: pair.pair.id)
        }
        return [
            MismatchedCompletion(
                tokens: Array(other.chosen.prefix(mismatched.chosenTokens)), reference: mismatched.chosen),
            MismatchedCompletion(
                tokens: Array(other.rejected.prefix(mismatched.rejectedTokens)), reference: mismatched.rejected),
        ]
    }

    private func outputs(
        _ checkpoint: WrittenCheckpoint, _ steps: [TrainingStep], used: Int, of pairs: Int, stopping: JSONValue?,
        _ context: StageContext
    ) throws -> StageOutputs {
        var summary = TrainingSummary.members(steps, metrics: Self.metrics)
        summary["pairs"] = .count(pairs)
        summary["pairs_used"] = .count(used)
        if let stopping { summary["stopping"] = stopping }
        return StageOutputs(
            [
                "model": checkpoint.reference,
                "training-log": try context.write(steps, to: "training-log"),
            ],
            summary: .object(summary), blobs: checkpoint.blobs)
    }
}
