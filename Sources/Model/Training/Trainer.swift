/// Trains one model on one task, an optimiser step at a time.
///
/// The trainer owns the model's parameters while it runs: with factors of low rank too, they hold the merged weights. A run is a function of the parameters, the task, the
/// configuration and the seed: threads, and stopping and resuming, change nothing.
public final class Trainer {
    public let model: LanguageModel
    public let task: TrainingTask
    public let configuration: OptimizationConfiguration
    public private(set) var progress = TrainingProgress()
    /// Steps of the whole run.
    public let totalSteps: Int

    let optimizer: AdamW
    let seed: UInt64
    private let order: DataOrder
    private let transformer: Transformer
    /// Of all weights.
    private let gradient: FloatBuffer
    private let adapter: LowRankAdapter?
    /// What the optimiser updates: the weights, or the factors that stand in for them.
    let trained: FloatBuffer
    private let trainedParts: [AdamW.Part]

    /// - Parameter recomputesActivations: whether the backward pass computes each layer again instead of keeping it
    ///   (gradient checkpointing): a third more arithmetic, a seventh of the memory for activations, the same bits.
    /// - Throws: `ModelError` for a configuration or an example that cannot be used.
    public init(
        model: LanguageModel, task: TrainingTask, configuration: OptimizationConfiguration, seed: UInt64,
        precision: Precision = .single, recomputesActivations: Bool = false, pool: WorkerPool
    ) throws(ModelError) {
        try configuration.validate()
        try task.validate(for: model.configuration)
        try configuration.validate(examples: task.exampleCount)
        self.model = model
        self.task = task
        self.configuration = configuration
        self.seed = seed
        totalSteps = configuration.totalSteps(examples: task.exampleCount)
        order = DataOrder(examples: task.exampleCount, batchSize: configuration.batchSize, seed: seed)
        transformer = Transformer(
            model: model, precision: precision, recomputesActivations: recomputesActivations, pool: pool)
        gradient = FloatBuffer(count: model.layout.count)
        adapter = configuration.lowRank.map { LowRankAdapter($0, of: model, seed: seed, pool: pool) }
        trained = adapter?.factors ?? model.parameters
        trainedParts =
            adapter.map { [.init(range: 0..<$0.factors.count, decays: true)] }
            ?? model.layout.tensors.map { .init(range: $0.range, decays: $0.isMatrix) }
        optimizer = AdamW(
            parameters: trained.count,
            coefficients: .init(
                beta1: configuration.beta1, beta2: configuration.beta2, epsilon: configuration.epsilon,
                weightDecay: configuration.weightDecay, maximumGradientNorm: configuration.maximumGradientNorm),
            pool: pool)
    }

    public var isFinished: Bool { progress.step >= totalSteps }

    /// Takes one step and says what it saw before the update.
    ///
    /// - Parameter checkCancellation: called between micro-batches; what it throws ends the step without a trace.
    /// - Returns: nil when the run is finished.
    /// - Throws: what `checkCancellation` throws, or `ModelError.notFinite` when the gradient is not; parameters are
    ///   then as they were before the step.
    public func step(checkCancellation: () throws -> Void = {}) throws -> StepMetrics? {
        if isFinished { return nil }
        let batch = order.batch(step: progress.step)
        let accumulated = try accumulate(batch, checkCancellation)
        adapter?.takeGradient(of: gradient)
        let gradient = adapter?.factorGradient ?? gradient
        let norm = optimizer.norm(gradient)
        guard norm.isFinite else { throw ModelError.notFinite(place: "training step \(progress.step + 1): gradient") }
        let rate = configuration.schedule.rate(step: progress.step, of: totalSteps)
        optimizer.update(
            trained, parts: trainedParts, gradient: gradient, norm: norm, rate: rate, step: progress.step + 1)
        trainedChanged()
        progress.step += 1
        progress.tokensSeen += accumulated.tokens
        var values = accumulated.metrics
        values["grad_norm"] = norm
        values["learning_rate"] = rate
        values["epoch"] = Double(progress.step) / Double(order.stepsPerEpoch)
        values["num_tokens"] = Double(progress.tokensSeen)
        return StepMetrics(step: progress.step, values: values)
    }

    /// What `task` shows under the parameters as they are: the metrics of a step, without dropout, and without learning
    /// from it.
    ///
    /// - Parameter checkCancellation: called between micro-batches; what it throws ends the call.
    /// - Throws: what `checkCancellation` throws, or `ModelError` for an example that cannot be used.
    public func evaluate(
        _ task: TrainingTask, checkCancellation: () throws -> Void = {}
    ) throws -> [String: Double] {
        try task.validate(for: model.configuration)
        let examples = Array(0..<task.exampleCount), items = examples.map { task.sequences(of: $0) }
        var objective = BatchObjective(
            task, examples: examples, items: items,
            divergence: try divergence(of: task, examples, checkCancellation))
        for range in MicroBatches.ranges(of: items, rowBudget: configuration.tokensPerMicroBatch) {
            try checkCancellation()
            let packed = PackedBatch(items[range].flatMap { $0 })
            _ = objective.add(packed, transformer.forward(packed, keepActivations: false), items: range)
        }
        return objective.metrics
    }

    /// Replaces the whole state: the place in the run; the caller has filled what is trained, and the moments.
    func resume(at progress: TrainingProgress) {
        self.progress = progress
        trainedChanged()
    }

    private func trainedChanged() {
        adapter?.apply(to: model)
        transformer.parametersChanged()
    }

    /// The batch's divergence, where the task's loss has one: known before the first gradient, since every pair's loss
    /// is measured against it.
    private func divergence(
        of task: TrainingTask, _ batch: [Int], _ checkCancellation: () throws -> Void
    ) throws -> Double? {
        guard case .preference(let examples, let objective) = task, objective.loss.needsDivergence else { return nil }
        return try DivergenceEstimate.ofMismatched(
            batch.map { examples[$0] }, transformer: transformer, rowBudget: configuration.tokensPerMicroBatch,
            checkCancellation)
    }

    /// Fills `gradient` with the whole batch's gradient, micro-batch after micro-batch.
    private func accumulate(
        _ batch: [Int], _ checkCancellation: () throws -> Void
    ) throws -> (metrics: [String: Double], tokens: Int) {
        let items = batch.map { task.sequences(of: $0) }
        var objective = BatchObjective(
            task, examples: batch, items: items, divergence: try divergence(of: task, batch, checkCancellation))
        optimizer.clear(gradient)
        let ranges = MicroBatches.ranges(of: items, rowBudget: configuration.tokensPerMicroBatch)
        for (number, range) in ranges.enumerated() {
            try checkCancellation()
            let packed = PackedBatch(items[range].flatMap { $0 })
            let dropout =
                configuration.dropout > 0
                ? Dropout(probability: configuration.dropout, seed: seed, step: progress.step, microBatch: number)
                : nil
            let likelihoods = transformer.forward(packed, dropout: dropout, keepActivations: true)
            let gradients = objective.add(packed, likelihoods, items: range)
            transformer.backward(gradients, into: gradient)
        }
        return (objective.metrics, items.reduce(0) { $0 + $1.reduce(0) { $0 + $1.tokens.count } })
    }
}
