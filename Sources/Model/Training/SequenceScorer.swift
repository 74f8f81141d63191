/// Log-probabilities of given completions, through the forward pass that training uses, without dropout.
///
/// An example's numbers have the same bits whatever else is scored beside it, in whatever order.
public final class SequenceScorer {
    /// Something to score: the log-probability of `completion` after `prompt`.
    public struct Request: Sendable, Hashable {
        public var prompt: [Int32]
        /// With its closing token, where it has one.
        public var completion: [Int32]

        public init(prompt: [Int32], completion: [Int32]) {
            self.prompt = prompt
            self.completion = completion
        }
    }

    public struct Score: Sendable, Hashable {
        /// Sum over the completion's tokens, in nats.
        public var logProbability: Double
        public var tokens: Int

        public var meanLogProbability: Double { logProbability / Double(tokens) }
    }

    private let transformer: Transformer
    private let rowBudget: Int

    /// - Parameter tokensPerMicroBatch: rows computed at once; results do not depend on it.
    public init(
        model: LanguageModel, precision: Precision = .single, pool: WorkerPool, tokensPerMicroBatch: Int = 2_048
    ) {
        precondition(tokensPerMicroBatch > 0, "SequenceScorer: \(tokensPerMicroBatch) tokens")
        transformer = Transformer(model: model, precision: precision, gradients: false, pool: pool)
        rowBudget = tokensPerMicroBatch
    }

    /// The score of every request, in order. Prompts that begin alike are computed once where they stand together.
    ///
    /// - Parameter checkCancellation: called between micro-batches; what it throws ends the call.
    /// - Throws: what `checkCancellation` throws, or `ModelError` naming the request that cannot be scored.
    public func score(_ requests: [Request], checkCancellation: () throws -> Void = {}) throws -> [Score] {
        for (index, request) in requests.enumerated() {
            let place = "scoring request \(index)"
            if request.prompt.isEmpty { throw ModelError.example(place: place, problem: "the prompt is empty") }
            if request.completion.isEmpty {
                throw ModelError.example(place: place, problem: "the completion is empty")
            }
            try transformer.model.configuration.check(request.prompt + request.completion, place: place)
        }
        let items = requests.map { [TargetedSequence(prompt: $0.prompt, response: $0.completion)] }
        var scores: [Score] = []
        for range in MicroBatches.ranges(of: items, rowBudget: rowBudget) {
            try checkCancellation()
            let batch = PackedBatch(items[range].flatMap { $0 })
            let likelihoods = transformer.forward(batch, keepActivations: false)
            var sums = [Double](repeating: 0, count: range.count)
            for (target, likelihood) in zip(batch.targets, likelihoods) {
                sums[target.sequence] += likelihood.logProbability
            }
            for (index, sum) in zip(range, sums) {
                guard sum.isFinite else { throw ModelError.notFinite(place: "scoring request \(index)") }
                scores.append(Score(logProbability: sum, tokens: requests[index].completion.count))
            }
        }
        return scores
    }
}
