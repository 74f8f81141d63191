/// How a model is trained: steps, batches, rates and regularisation.
public struct OptimizationConfiguration: Codable, Sendable, Hashable {
    public var schedule: LearningRateSchedule
    /// Passes over the examples.
    public var epochs = 1
    /// Examples (or pairs) in one update.
    public var batchSize = 16  // paper §3.1.3
    /// Takes no more than this many steps; the schedule spans the steps taken.
    public var maximumSteps: Int?
    public var dropout = 0.1  // paper §3.1.3
    public var weightDecay = 0.0
    public var beta1 = 0.9
    public var beta2 = 0.999
    public var epsilon = 1e-8
    /// The largest global gradient norm; nil switches clipping off.
    public var maximumGradientNorm: Double? = 1.0  // TRL's default
    /// Trains factors of low rank in place of the weights; nil trains all weights.
    public var lowRank: LowRankConfiguration?
    /// Rows computed at once; a batch is accumulated in as many parts as it takes. One longer example is a part of
    /// its own. It bounds memory, and like any regrouping of a sum it can change last digits. With dropout it changes
    /// more: which elements are dropped depends on the micro-batch and the row in it.
    public var tokensPerMicroBatch = 2_048

    /// The most steps of one run, and the most examples of one batch: dropout's random numbers are counted by step and
    /// micro-batch, in so many bits.
    static let mostSteps = Dropout.steps - 1
    static let largestBatch = Dropout.microBatches - 1

    public init(
        schedule: LearningRateSchedule, epochs: Int = 1, batchSize: Int = 16, maximumSteps: Int? = nil,
        dropout: Double = 0.1, weightDecay: Double = 0, beta1: Double = 0.9, beta2: Double = 0.999,
        epsilon: Double = 1e-8, maximumGradientNorm: Double? = 1, lowRank: LowRankConfiguration? = nil,
        tokensPerMicroBatch: Int = 2_048
    ) {
        self.schedule = schedule
        self.epochs = epochs
        self.batchSize = batchSize
        self.maximumSteps = maximumSteps
        self.dropout = dropout
        self.weightDecay = weightDecay
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.maximumGradientNorm = maximumGradientNorm
        self.lowRank = lowRank
        self.tokensPerMicroBatch = tokensPerMicroBatch
    }

    /// - Throws: `ModelError.configuration` naming the field that cannot be.
    public func validate() throws(ModelError) {
        try schedule.validate()
        let checks: [(Bool, String, String)] = [
            ((1...Self.mostSteps).contains(epochs), "epochs", "is \(epochs), outside 1…\(Self.mostSteps)"),
            (
                (1...Self.largestBatch).contains(batchSize), "batchSize",
                "is \(batchSize), outside 1…\(Self.largestBatch)"
            ),
            (maximumSteps ?? 1 >= 1, "maximumSteps", "is \(maximumSteps ?? 0)"),
            (dropout >= 0 && dropout < 1, "dropout", "is \(dropout), outside 0 ..< 1"),
            (weightDecay.isFinite && weightDecay >= 0, "weightDecay", "is \(weightDecay)"),
            (beta1 >= 0 && beta1 < 1, "beta1", "is \(beta1), outside 0 ..< 1"),
            (beta2 >= 0 && beta2 < 1, "beta2", "is \(beta2), outside 0 ..< 1"),
            (epsilon > 0, "epsilon", "is \(epsilon); it must be positive"),
            (maximumGradientNorm ?? 1 > 0, "maximumGradientNorm", "is \(maximumGradientNorm ?? 0)"),
            (
                (1...LowRankConfiguration.mostRank).contains(lowRank?.rank ?? 1), "rank",
                "is \(lowRank?.rank ?? 1), outside 1…\(LowRankConfiguration.mostRank)"
            ),
            (
                lowRank.map { $0.alpha.isFinite && $0.alpha > 0 } ?? true, "alpha",
                "is \(lowRank?.alpha ?? 0); it must be positive"
            ),
            (tokensPerMicroBatch >= 1, "tokensPerMicroBatch", "is \(tokensPerMicroBatch)"),
        ]
        for (holds, field, problem) in checks where !holds { throw .configuration(field: field, problem: problem) }
    }

    /// - Throws: `ModelError.configuration` where a run over `examples` examples takes more steps than can be numbered.
    func validate(examples: Int) throws(ModelError) {
        let steps = totalSteps(examples: examples)
        if steps > Self.mostSteps {
            throw .configuration(
                field: "epochs",
                problem: "is \(epochs), which makes \(steps) steps of \(examples) examples, over \(Self.mostSteps)")
        }
    }

    /// Updates in a whole run over `examples` examples; the last batch of an epoch may be smaller.
    public func totalSteps(examples: Int) -> Int {
        let (steps, overflows) = epochs.multipliedReportingOverflow(by: stepsPerEpoch(examples: examples))
        return min(overflows ? .max : steps, maximumSteps ?? .max)
    }

    func stepsPerEpoch(examples: Int) -> Int { (examples + batchSize - 1) / batchSize }
}
