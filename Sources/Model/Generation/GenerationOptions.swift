/// How a generator works. None of these changes a result.
public struct GenerationOptions: Hashable, Sendable {
    /// How many sequences are decoded together.
    public var slots = 32
    /// How many prompt tokens are read in one step, beside the tokens being decoded.
    public var prefillTokens = 256
    /// Bytes of keys and values to stay within, by decoding fewer sequences together. One sequence is always admitted.
    public var cacheBytes = 4 << 30

    public init(slots: Int = 32, prefillTokens: Int = 256, cacheBytes: Int = 4 << 30) {
        self.slots = slots
        self.prefillTokens = prefillTokens
        self.cacheBytes = cacheBytes
    }

    /// - Throws: `ModelError.configuration` for a number below 1.
    func validate() throws(ModelError) {
        for (field, value) in [("slots", slots), ("prefill_tokens", prefillTokens), ("cache_bytes", cacheBytes)]
        where value < 1 {
            throw .configuration(field: field, problem: "is \(value); use 1 or more")
        }
    }
}

/// How far a generator is.
public struct GenerationProgress: Hashable, Sendable {
    public var finishedRequests = 0
    public var totalRequests: Int
    /// Prompt tokens that went through the model; those shared with an earlier prompt are not counted again.
    public var promptTokens = 0
    /// Tokens drawn.
    public var newTokens = 0

    public init(totalRequests: Int) { self.totalRequests = totalRequests }
}

/// What a generator tells while it works, and asks once a step.
public struct GenerationObserver {
    /// Called as each request finishes, with its index; in the order in which they finish.
    public var finished: (Int, GenerationResult) -> Void
    /// Called after each step.
    public var progress: (GenerationProgress) -> Void
    /// Asked before each step; true ends the work with `ModelError.cancelled`.
    public var isCancelled: () -> Bool

    public init(
        finished: @escaping (Int, GenerationResult) -> Void = { _, _ in },
        progress: @escaping (GenerationProgress) -> Void = { _ in },
        isCancelled: @escaping () -> Bool = { false }
    ) {
        self.finished = finished
        self.progress = progress
        self.isCancelled = isCancelled
    }
}
