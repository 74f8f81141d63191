public import Artifacts

/// A model's answers to the turns of one MT-Bench question; a later turn saw the turns before it, answers and all.
public struct MTBenchAnswer: Record, Equatable {
    public static let schema = RecordSchema("mt-bench-answer", version: 1)

    public struct Turn: Codable, Sendable, Equatable {
        /// What the user says.
        public let prompt: String
        /// The answer.
        public let text: String
        /// How many tokens were generated; nil of an answer from outside.
        public let tokens: Int?
        public let finish: Finish

        package init(prompt: String, text: String, tokens: Int?, finish: Finish) {
            self.prompt = prompt
            self.text = text
            self.tokens = tokens
            self.finish = finish
        }

        /// Whether the model was never asked, for want of room: there is no answer, not even an empty one.
        package var isMissing: Bool { finish == .doesNotFit }
    }

    enum CodingKeys: String, CodingKey {
        case id, questionID = "question_id", category, turns
    }

    public let id: String
    /// The question's number in its file.
    public let questionID: Int
    public let category: String
    /// One or two.
    public let turns: [Turn]

    package init(questionID: Int, category: String, turns: [Turn]) {
        id = RecordID.derive(
            Self.schema.name,
            [.integer(Int64(questionID)), .array(turns.map { .array([.string($0.prompt), .string($0.text)]) })])
        self.questionID = questionID
        self.category = category
        self.turns = turns
    }
}
