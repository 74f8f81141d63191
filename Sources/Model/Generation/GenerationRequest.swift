/// A prompt to continue, and when to stop.
public struct GenerationRequest: Hashable, Sendable {
    public var prompt: [Int32]
    /// At least 1.
    public var maximumNewTokens: Int
    /// Tokens that end the text; the one met is kept in the result's tokens and left out of its text.
    public var stopTokens: Set<Int32>
    /// Strings that end the text, which is cut before them; they may begin and end inside tokens.
    public var stopStrings: [String]
    public var sampling: SamplingParameters
    /// Key of the request's random numbers: equal keys and prompts give equal texts.
    public var randomKey: UInt64

    public init(
        prompt: [Int32], maximumNewTokens: Int, stopTokens: Set<Int32> = [], stopStrings: [String] = [],
        sampling: SamplingParameters = SamplingParameters(), randomKey: UInt64 = 0
    ) {
        self.prompt = prompt
        self.maximumNewTokens = maximumNewTokens
        self.stopTokens = stopTokens
        self.stopStrings = stopStrings
        self.sampling = sampling
        self.randomKey = randomKey
    }

    /// - Parameter place: names the request in an error, such as "request 3".
    /// - Throws: `ModelError.configuration` and `ModelError.tokenOutOfRange`.
    func validate(vocabularySize: Int, place: String) throws(ModelError) {
        try sampling.validate()
        try Self.validate(prompt: prompt, vocabularySize: vocabularySize, place: place)
        if maximumNewTokens < 1 {
            throw .configuration(
                field: "maximum_new_tokens", problem: "is \(maximumNewTokens) in \(place); use 1 or more")
        }
        if stopStrings.contains("") {
            throw .configuration(field: "stop_strings", problem: "hold an empty string in \(place)")
        }
    }

    static func validate(prompt: [Int32], vocabularySize: Int, place: String) throws(ModelError) {
        if prompt.isEmpty { throw .configuration(field: "prompt", problem: "is empty in \(place)") }
        if let token = prompt.first(where: { $0 < 0 || Int($0) >= vocabularySize }) {
            throw .tokenOutOfRange(token: Int(token), vocabularySize: vocabularySize, place: "prompt of \(place)")
        }
    }
}

/// What a request gave.
public struct GenerationResult: Hashable, Sendable {
    public enum Finish: Hashable, Sendable {
        /// One of the request's stop tokens was drawn.
        case stopToken
        /// This stop string was completed.
        case stopString(String)
        /// The request's limit of new tokens was reached.
        case length
        /// Prompt and text fill the model's context.
        case contextFull
        /// The prompt alone fills the model's context, so there are no tokens.
        case promptTooLong
    }

    /// Every token drawn, a stop token included.
    public var tokens: [Int32]
    /// The decoded tokens up to what stopped them. Bytes that are not UTF-8 are replaced by U+FFFD, and a character
    /// that was cut off at the end is dropped.
    public var text: String
    public var finish: Finish
    /// Sum over `tokens` of their log-probabilities at temperature 1, in nats.
    public var logProbability: Double

    public init(tokens: [Int32], text: String, finish: Finish, logProbability: Double) {
        self.tokens = tokens
        self.text = text
        self.finish = finish
        self.logProbability = logProbability
    }
}
