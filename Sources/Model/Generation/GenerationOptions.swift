/// How a generator works. None of these changes a result.
public struct GenerationOptions: Hashable, Sendable {
    /// Memory for every slot is taken at once. Beyond some hundred sequences a CPU gains nothing by more.
    public static let mostSlots = 1024
    /// As for slots.
    private static let mostPrefillTokens = 1 << 16

    /// How many sequences are decoded together, from 1 to `mostSlots`. Twice as many gain nothing more on the CPUs that
    /// were tried, half as many lose a quarter of the rate.
    public var slots = 64
    /// How many prompt tokens are read in one step, beside the tokens being decoded.
    public var prefillTokens = 256
    /// Bytes of keys and values to stay within, by decoding fewer sequences together. One sequence is always admitted.
    public var cacheBytes = 4 << 30

    public init(slots: Int = 64, prefillTokens: Int = 256, cacheBytes: Int = 4 << 30) {
        self.slots = slots
        self.prefillTokens = prefillTokens
        self.cacheBytes = cacheBytes
    }

    /// - Throws: `ModelError.configuration` for a number outside its limits.
    func validate() throws(ModelError) {
        for (field, value, most) in [
            ("slots", slots, Self.mostSlots), ("prefill_tokens", prefillTokens, Self.mostPrefillTokens),
            ("cache_bytes", cacheBytes, Int.max),
        ] where !(1...most).contains(value) {
            throw .configuration(
                field: field, problem: "is \(value); use 1 or more" + (value < 1 ? "" : ", and at most \(most)"))
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
