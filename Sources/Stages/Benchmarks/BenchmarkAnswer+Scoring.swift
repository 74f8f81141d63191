internal import Artifacts

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
