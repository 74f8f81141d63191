/// How far the policy has moved from its reference, by KTO's estimate: its z, in nats.
///
/// z = max(0, mean of policy − reference log-probability over the mismatched completions), over those of the whole
/// accumulated batch, as in TRL. A KL divergence is not negative, so an estimate below 0 is noise. TRL lets dropout
/// disturb the estimate; here it is taken without.
enum DivergenceEstimate {
    /// The estimate of each example's completions together.
    ///
    /// The result has the same bits whatever `rowBudget` is.
    /// - Parameter rowBudget: rows computed at once.
    /// - Precondition: some example has a mismatched completion.
    static func ofMismatched(
        _ examples: [PreferenceExample], transformer: Transformer, rowBudget: Int,
        _ checkCancellation: () throws -> Void
    ) throws -> Double {
        let items = examples.map { example in
            example.mismatched.map { TargetedSequence(prompt: example.prompt, response: $0.tokens) }
        }
        let references = examples.map { $0.mismatched.map(\.reference) }
        let count = references.reduce(0) { $0 + $1.count }
        precondition(count > 0, "divergence: \(examples.count) examples without a mismatched completion")
        var total = 0.0
        for range in MicroBatches.ranges(of: items, rowBudget: rowBudget) {
            try checkCancellation()
            let batch = PackedBatch(items[range].flatMap { $0 })
            var sums = references[range].flatMap { $0.map { -$0 } }
            // Nothing is learned here: z is a constant to the gradient.
            for (target, likelihood) in zip(batch.targets, transformer.forward(batch, keepActivations: false)) {
                sums[target.sequence] += likelihood.logProbability
            }
            // One completion after the other, so that how they are grouped does not show.
            for sum in sums { total += sum }
        }
        return max(0, total / Double(count))
    }
}
