/// One optimiser step's objective, fed micro-batch by micro-batch.
///
/// Every mean is over the whole accumulated batch: supervised losses over all its target tokens, preference losses
/// over all its pairs. A mean of micro-batch means would weigh short examples more.
struct BatchObjective {
    private let task: TrainingTask
    /// Indices of the batch's examples in the task.
    private let examples: [Int]
    /// Targets of the whole batch, and of its chosen responses when they are pairs.
    private let targetCount: Int
    private let chosenTargetCount: Int
    /// KTO's z; nil for a task whose loss has none.
    private let divergence: Double?

    private var negativeLogLikelihood = 0.0
    private var entropy = 0.0
    private var correct = 0
    private var pairs = PreferenceTally()

    init(_ task: TrainingTask, examples: [Int], items: [[TargetedSequence]], divergence: Double?) {
        self.task = task
        self.examples = examples
        self.divergence = divergence
        targetCount = items.reduce(0) { $0 + $1.reduce(0) { $0 + $1.targetCount } }
        chosenTargetCount = items.reduce(0) { $0 + ($1.first?.targetCount ?? 0) }
    }

    /// Takes in the likelihoods of the items in `range` and returns d loss / d log-probability of each target.
    mutating func add(
        _ batch: PackedBatch, _ likelihoods: [TargetLikelihood], items range: Range<Int>
    ) -> [Float] {
        for likelihood in likelihoods { entropy += likelihood.entropy }
        switch task {
        case .supervised:
            for likelihood in likelihoods { addLikelihood(likelihood) }
            return [Float](repeating: Float(-1 / Double(targetCount)), count: likelihoods.count)
        case .preference(let examples, let objective):
            return addPairs(batch, likelihoods, range.map { examples[self.examples[$0]] }, objective)
        }
    }

    private mutating func addLikelihood(_ likelihood: TargetLikelihood) {
        negativeLogLikelihood -= likelihood.logProbability
        if likelihood.isMostLikely { correct += 1 }
    }

    private mutating func addPairs(
        _ batch: PackedBatch, _ likelihoods: [TargetLikelihood], _ examples: [PreferenceExample],
        _ objective: PreferenceObjective
    ) -> [Float] {
        var sums = [Double](repeating: 0, count: batch.sequenceCount)
        // Sequences alternate: a pair's chosen, its rejected. Sums, not means, are what the loss is made of.
        for (target, likelihood) in zip(batch.targets, likelihoods) {
            sums[target.sequence] += likelihood.logProbability
            if target.sequence % 2 == 0 { addLikelihood(likelihood) }
        }
        let pairCount = Double(self.examples.count)
        let likelihoodGradient = -objective.likelihoodWeight / Double(chosenTargetCount)
        var gradients = [Float](repeating: 0, count: batch.sequenceCount)
        for (index, example) in examples.enumerated() {
            let pair = PairLogProbabilities(
                policyChosen: sums[2 * index], policyRejected: sums[2 * index + 1],
                referenceChosen: example.referenceChosen, referenceRejected: example.referenceRejected,
                chosenTokens: example.chosen.count, rejectedTokens: example.rejected.count)
            let result = objective.evaluate(pair, divergence: divergence ?? 0)
            pairs.add(pair, loss: result.loss, beta: objective.beta)
            gradients[2 * index] = Float(result.chosenGradient / pairCount + likelihoodGradient)
            gradients[2 * index + 1] = Float(result.rejectedGradient / pairCount)
        }
        return batch.targets.map { gradients[$0.sequence] }
    }

    /// The step's numbers so far, under TRL's names.
    var metrics: [String: Double] {
        switch task {
        case .supervised:
            return [
                "loss": negativeLogLikelihood / Double(targetCount),
                "mean_token_accuracy": Double(correct) / Double(targetCount),
                "entropy": entropy / Double(targetCount),
            ]
        case .preference(_, let objective):
            var values = pairs.metrics
            values["mean_token_accuracy"] = Double(correct) / Double(chosenTargetCount)
            values["entropy"] = entropy / Double(targetCount)
            values["kl"] = divergence
            if objective.likelihoodWeight > 0 {
                let likelihood = negativeLogLikelihood / Double(chosenTargetCount)
                values["nll_loss"] = likelihood
                values["loss", default: 0] += objective.likelihoodWeight * likelihood
            }
            return values
        }
    }
}

extension TargetedSequence {
    var targetCount: Int { targetMask.reduce(0) { $0 + ($1 ? 1 : 0) } }
}
