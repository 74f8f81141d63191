public import Artifacts

/// What a model answers to an item of a benchmark, with all that its scores are made of.
public struct BenchmarkAnswer: Record, Equatable {
    public static let schema = RecordSchema("benchmark-answer", version: 1)

    /// How likely the model finds one of the choices.
    public struct Choice: Codable, Sendable, Equatable {
        enum CodingKeys: String, CodingKey { case text, logProbability = "log_probability", tokens, characters }

        public let text: String
        /// Of the choice after the prompt, in nats, summed over its tokens. Nil where it does not fit the context.
        public let logProbability: Double?
        public let tokens: Int
        /// Unicode scalars, as Python counts them, without the space before.
        public let characters: Int

        package init(text: String, logProbability: Double?, tokens: Int) {
            self.text = text
            self.logProbability = logProbability
            self.tokens = tokens
            characters = text.unicodeScalars.count
        }
    }

    /// What the model says by one rule of counting.
    public struct Prediction: Codable, Sendable, Equatable {
        enum CodingKeys: String, CodingKey { case rule, choice, text, isCorrect = "is_correct" }

        public let rule: String
        /// The place of the choice, from 0.
        public let choice: Int?
        /// What was found in a written answer, in the form in which it is compared; nil where nothing was.
        public let text: String?
        public let isCorrect: Bool
    }

    /// A written answer.
    public struct Reply: Codable, Sendable, Equatable {
        public let text: String
        /// How many tokens were generated.
        public let tokens: Int
        public let finish: Finish

        package init(text: String, tokens: Int, finish: Finish) {
            self.text = text
            self.tokens = tokens
            self.finish = finish
        }
    }

    enum CodingKeys: String, CodingKey {
        case id, task, item, row, nativeID = "native_id", subject, prompt, truncated, gold, accepted, choices, reply,
            predictions
    }

    public let id: String
    public let task: String
    /// The same for every model.
    public let item: String
    /// The item's place among those of the stage's files, from 0.
    public let row: Int
    /// The id that the file gives it.
    public let nativeID: String?
    public let subject: String?
    /// All that stood before the answer, before anything was cut off.
    public let prompt: String
    /// How many tokens were cut off at the prompt's beginning, for the longest of the choices.
    public let truncated: Int
    /// The place of the right choice, from 0; nil where the answer is written.
    public let gold: Int?
    /// The answers that are right; nil where there are choices.
    public let accepted: [String]?
    public let choices: [Choice]?
    public let reply: Reply?
    public let predictions: [Prediction]
}
