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

extension BenchmarkAnswer {
    /// To an item with choices.
    package init(
        _ question: BenchmarkQuestion, choices: [Choice], gold: Int, truncated: Int
    ) {
        self.init(
            question, truncated: truncated, gold: gold, choices: choices,
            content: choices.map { .number($0.logProbability ?? 0) },
            predictions: question.task.rules.map { rule in
                let choice = Self.best(choices, by: rule)
                return Prediction(rule: rule.rawValue, choice: choice, text: nil, isCorrect: choice == gold)
            })
    }

    /// To an item whose answer is written.
    package init(_ question: BenchmarkQuestion, reply: Reply, accepted: [String], truncated: Int) {
        self.init(
            question, truncated: truncated, accepted: accepted, reply: reply, content: [.string(reply.text)],
            predictions: question.task.rules.map { rule in
                let found = Self.extracted(reply.text, by: rule)
                return Prediction(
                    rule: rule.rawValue, choice: nil, text: found,
                    isCorrect: found.map { Self.isRight($0, accepted, by: rule) } ?? false)
            })
    }

    private init(
        _ question: BenchmarkQuestion, truncated: Int, gold: Int? = nil, accepted: [String]? = nil,
        choices: [Choice]? = nil, reply: Reply? = nil, content: [JSONValue], predictions: [Prediction]
    ) {
        id = RecordID.derive(
            Self.schema.name, [.string(question.item.id), .string(question.prompt), .array(content)])
        task = question.task.rawValue
        item = question.item.id
        row = question.row
        nativeID = question.item.nativeID
        subject = question.item.subject
        prompt = question.prompt
        self.truncated = truncated
        self.gold = gold
        self.accepted = accepted
        self.choices = choices
        self.reply = reply
        self.predictions = predictions
    }

    /// The first of the likeliest choices; nil where one of them could not be scored.
    private static func best(_ choices: [Choice], by rule: BenchmarkRule) -> Int? {
        var best: (place: Int, value: Double)?
        for (place, choice) in choices.enumerated() {
            guard let logProbability = choice.logProbability else { return nil }
            // An empty choice has no characters to share it among.
            let value =
                rule == .normalizedAccuracy ? logProbability / Double(max(1, choice.characters)) : logProbability
            if best.map({ value > $0.value }) ?? true { best = (place, value) }
        }
        return best?.place
    }

    private static func extracted(_ text: String, by rule: BenchmarkRule) -> String? {
        switch rule {
        case .strict: MathAnswer.strict(text)
        case .flexible: MathAnswer.flexible(text)
        default: ShortAnswer.normalized(String(text.drop(while: \.isWhitespace)))
        }
    }

    private static func isRight(_ found: String, _ accepted: [String], by rule: BenchmarkRule) -> Bool {
        rule == .exactMatch ? ShortAnswer.isAccepted(normal: found, accepted) : accepted.contains(found)
    }
}
