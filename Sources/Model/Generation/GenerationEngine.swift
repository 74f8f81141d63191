/// Continues prompts, many together, with keys and values kept and shared prefixes read once.
///
/// A result depends on the model and its own request alone: not on the other requests, their order, the options or the
/// number of threads. An engine keeps its memory between calls and serves one call at a time.
public final class GenerationEngine {
    public let model: LanguageModel
    public let options: GenerationOptions
    let decoder: any TokenDecoding
    let pool: WorkerPool
    let pass: InferencePass
    /// One a thread.
    let samplers: [TokenSampler]

    /// How many prompts may end in one step; bounds the memory of their logits.
    static let promptEnds = 16

    /// - Throws: `ModelError.configuration` for impossible options, and for `weights` that `precision` does not take.
    public init(
        model: LanguageModel, precision: Precision = .single, weights: WeightFormat = .full,
        decoder: any TokenDecoding, pool: WorkerPool, options: GenerationOptions = GenerationOptions()
    ) throws(ModelError) {
        try options.validate()
        try weights.validate(precision)
        self.model = model
        self.decoder = decoder
        self.pool = pool
        self.options = options
        pass = InferencePass(
            model: model, precision: precision, weights: weights, pool: pool,
            rows: options.slots + options.prefillTokens,
            logitRows: options.slots + Self.promptEnds, cacheBytes: options.cacheBytes)
        samplers = (0..<pool.threads).map { _ in TokenSampler(vocabularySize: model.configuration.vocabularySize) }
    }

    /// Continues every request.
    ///
    /// - Returns: results in the order of `requests`.
    /// - Throws: `ModelError.configuration` and `ModelError.tokenOutOfRange` for a request that cannot be, before any
    ///   work; `ModelError.notFinite` when the model gives no distribution; `ModelError.cancelled`.
    public func generate(
        _ requests: [GenerationRequest], observer: GenerationObserver = GenerationObserver()
    ) throws(ModelError) -> [GenerationResult] {
        for (index, request) in requests.enumerated() {
            try request.validate(vocabularySize: model.configuration.vocabularySize, place: "request \(index)")
        }
        // What an earlier call left when it threw.
        pass.pages.reset()
        var run = GenerationRun(self, requests, observer)
        return try run.finish()
    }

    /// Log-probabilities, at temperature 1 over the whole vocabulary, of each candidate as the token after each prompt.
    ///
    /// Shared prefixes are read once.
    /// - Returns: one row of `candidates.count` values a prompt.
    /// - Throws: as `generate`; `ModelError.contextTooLong` for a prompt longer than the model's context.
    public func nextTokenLogProbabilities(
        after prompts: [[Int32]], of candidates: [Int32], isCancelled: () -> Bool = { false }
    ) throws(ModelError) -> [[Float]] {
        let shape = model.configuration
        for (index, prompt) in prompts.enumerated() {
            try GenerationRequest.validate(
                prompt: prompt, vocabularySize: shape.vocabularySize, place: "prompt \(index)")
            if prompt.count > shape.contextLength {
                throw .contextTooLong(tokens: prompt.count, limit: shape.contextLength, place: "prompt \(index)")
            }
        }
        if let token = candidates.first(where: { $0 < 0 || Int($0) >= shape.vocabularySize }) {
            throw .tokenOutOfRange(token: Int(token), vocabularySize: shape.vocabularySize, place: "candidates")
        }
        pass.pages.reset()
        pass.cover(positions: prompts.map(\.count).max() ?? 0)
        var reader = PromptReader(
            groups: PromptGroup.arrange(prompts.enumerated().map { ($0.offset, $0.element) }), pages: pass.pages)
        var results = [[Float]](repeating: [], count: prompts.count)
        while true {
            if isCancelled() { throw .cancelled }
            while reader.next != nil, reader.unreadTokens < options.prefillTokens,
                reader.unfinished.isEmpty || pass.pages.isRoom(for: reader.pagesForNext)
            {
                reader.beginNext()
            }
            let spans = reader.takeSpans(tokens: options.prefillTokens, ends: Self.promptEnds)
            if spans.isEmpty { break }
            pass.run(spans)
            for (row, reading) in reader.takeFinished().enumerated() {
                let values = try samplers[0].logProbabilities(pass.logits(row), of: candidates)
                for member in reading.group.members { results[member] = values }
                pass.pages.release(reading.pages)
            }
        }
        reader.releasePrevious()
        return results
    }

    /// Cache pages that are held; none between calls.
    package var pagesInUse: Int { pass.pages.inUse }
}
