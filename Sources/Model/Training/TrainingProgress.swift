/// Where a training run stands. Everything else about the data order follows from the seed.
public struct TrainingProgress: Codable, Sendable, Hashable {
    /// Updates done.
    public var step = 0
    /// Tokens of all examples seen, prompts included, repeated ones counted again.
    public var tokensSeen = 0

    public init() {}
}

/// Which examples each step takes: a new order every epoch, drawn from the seed.
struct DataOrder: Sendable {
    let examples: Int
    let batchSize: Int
    let seed: UInt64

    var stepsPerEpoch: Int { (examples + batchSize - 1) / batchSize }

    /// The examples of step `step`, counted from 0. The last step of an epoch may have fewer than `batchSize`.
    func batch(step: Int) -> [Int] {
        let epoch = step / stepsPerEpoch, place = step % stepsPerEpoch
        var generator = Philox(key: seed, stream: UInt64(epoch) << 4 | Self.site)
        let order = generator.shuffled(Array(0..<examples))
        return Array(order[(place * batchSize)..<min((place + 1) * batchSize, examples)])
    }

    /// Dropout's streams end in the four bits of a site; this is none of its sites.
    private static let site: UInt64 = 15
}

/// The numbers of one training step, under TRL's names, taken before the step's update.
public struct StepMetrics: Sendable, Hashable {
    /// Counted from 1.
    public var step: Int
    /// `loss`, `grad_norm` (before clipping), `learning_rate`, `epoch`, `num_tokens`, `mean_token_accuracy`,
    /// `entropy`; for preferences also `rewards/…` and `logps/…`, and `nll_loss` where it has a weight.
    public var values: [String: Double]
}
