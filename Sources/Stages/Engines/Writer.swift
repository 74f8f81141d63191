internal import Model
internal import Pipeline

/// A model at work writing text for one stage, with the stage's threads, batch size, progress and cancellation.
final class Writer {
    let model: PretrainedModel
    let engine: GenerationEngine
    private let context: StageContext

    /// What this stage has still to say of its progress: requests finished in earlier calls.
    private var finished = 0
    private var newTokens = 0

    /// - Parameter requests: the most requests that one call of `write` brings. The engine takes memory for no more
    ///   sequences than that, whatever `exec.batch` says.
    init(
        _ model: PretrainedModel, precision: Precision, weights: WeightFormat, requests: Int, context: StageContext
    ) throws {
        self.model = model
        self.context = context
        var options = GenerationOptions()
        let batch = context.execution.batchSize ?? options.slots
        options.slots = max(1, min(batch, requests, GenerationOptions.mostSlots))
        engine = try GenerationEngine(
            model: model.model, precision: precision, weights: weights,
            decoder: PlainTextDecoding(model.tokenizer), pool: WorkerPool(threads: context.execution.threads),
            options: options)
    }

    /// Continues every request.
    /// - Parameters:
    ///   - total: how many the stage will ask for in all, for its progress; nil where that is not known.
    /// - Throws: `CancellationError` when the stage is to stop at once; `ModelError`.
    func write(_ requests: [GenerationRequest], of total: Int?, unit: String) throws -> [GenerationResult] {
        let observer = GenerationObserver(
            progress: { [self] progress in
                context.progress(
                    finished + progress.finishedRequests, of: total, unit: unit,
                    note: "\(newTokens + progress.newTokens) tokens")
            },
            isCancelled: { [self] in isStopping })
        let results = try stoppable { () throws(ModelError) in try engine.generate(requests, observer: observer) }
        finished += requests.count
        newTokens += results.reduce(0) { $0 + $1.tokens.count }
        return results
    }

    /// Log-probabilities of each candidate as the token after each prompt.
    func logProbabilities(after prompts: [[Int32]], of candidates: [Int32]) throws -> [[Float]] {
        try stoppable { () throws(ModelError) in
            try engine.nextTokenLogProbabilities(
                after: prompts, of: candidates, isCancelled: { [self] in isStopping })
        }
    }

    private var isStopping: Bool {
        do {
            try context.checkCancellation()
            return false
        } catch {
            return true
        }
    }

    private func stoppable<Result>(_ body: () throws(ModelError) -> Result) throws -> Result {
        do {
            return try body()
        } catch ModelError.cancelled {
            throw CancellationError()
        }
    }
}
