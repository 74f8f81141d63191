internal import Artifacts

/// A row of a data set, and the item that the harness makes of it.
struct BenchmarkRow {
    private let row: RowReader
    private let task: BenchmarkTask

    init(_ row: RowReader, _ task: BenchmarkTask) {
        self.row = row
        self.task = task
    }

    func item() throws -> BenchmarkItem {
        switch task {
        case .arcEasy, .arcChallenge: try science { "Question: \($0)\nAnswer:" }
        case .obqa: try science { $0 }
        case .hellaswag: try hellaSwag()
        case .piqa:
            try choiceItem("Question: \(text("goal"))\nAnswer:", [text("sol1"), text("sol2")], gold: index("label"))
        case .siqa:
            try choiceItem(
                "Q: \(text("context")) \(text("question"))\nA:", ["answerA", "answerB", "answerC"].map(text),
                gold: index("label", from: 1))
        case .mmlu: try mmlu()
        case .gsm8k: try gsm8k()
        case .nq: try naturalQuestions()
        }
    }

    // MARK: Choices

    /// ARC and OpenBookQA: a question and labelled choices, or a query that was made of them.
    private func science(_ query: (_ question: String) -> String) throws -> BenchmarkItem {
        if let made = try row.optionalString("query") {
            return try choiceItem(query(bareQuestion(made)), texts("choices"), gold: index("gold"))
        }
        guard let labelled = row.value["choices"], case .object = labelled else {
            throw row.failure("has neither 'query' nor 'choices' with 'text' and 'label'; \(wanted)")
        }
        let choices = row.inner(labelled)
        let labels = try Self.strings(choices, "label")
        let key = String(try text("answerKey").drop(while: \.isWhitespace))
        guard let gold = labels.firstIndex(of: key) else {
            throw row.failure(
                "'answerKey' is '\(key)', which is none of the labels \(labels.joined(separator: ", "))")
        }
        return try choiceItem(
            query(row.optionalString("question_stem") ?? text("question")), Self.strings(choices, "text"), gold: gold)
    }

    /// A made query without the words around its question.
    private func bareQuestion(_ query: String) -> String {
        guard query.hasPrefix("Question: "), query.hasSuffix("\nAnswer:") else { return query }
        return String(query.dropFirst("Question: ".count).dropLast("\nAnswer:".count))
    }

    private func hellaSwag() throws -> BenchmarkItem {
        if let query = try row.optionalString("query") {
            return try choiceItem(query, texts("choices"), gold: index("gold"))
        }
        let context = try text("ctx_a") + " " + HellaSwagText.capitalized(row.optionalString("ctx_b") ?? "")
        return try choiceItem(
            HellaSwagText.cleaned(text("activity_label") + ": " + context),
            texts("endings").map(HellaSwagText.cleaned),
            gold: index("label"))
    }

    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".map(String.init)

    private func mmlu() throws -> BenchmarkItem {
        let choices = try texts("choices")
        guard choices.count <= Self.letters.count else {
            throw row.failure("has \(choices.count) choices; there are letters for \(Self.letters.count)")
        }
        let letters = Array(Self.letters.prefix(choices.count))
        let lines = zip(letters, choices).map { "\($0). \($1)\n" }.joined()
        return try choiceItem(
            PythonText.stripped(text("question")) + "\n" + lines + "Answer:", letters, gold: index("answer"),
            subject: text("subject"))
    }

    private func choiceItem(
        _ query: String, _ choices: [String], gold: Int, subject: String? = nil
    ) throws -> BenchmarkItem {
        guard choices.count >= 2 else { throw row.failure("has \(choices.count) choices; two or more are needed") }
        guard choices.indices.contains(gold) else {
            throw row.failure("the right choice is number \(gold), counted from 0, of \(choices.count)")
        }
        return BenchmarkItem(
            task: task, nativeID: row.nativeID(), subject: subject, query: query,
            target: .choice(of: choices.map { BenchmarkItem.Choice($0) }, gold: gold), solution: choices[gold])
    }

    // MARK: Answers to be written

    private func gsm8k() throws -> BenchmarkItem {
        let answer = try text("answer")
        return BenchmarkItem(
            task: task, nativeID: row.nativeID(), query: "Question: \(try text("question"))\nAnswer:",
            target: .text(accepted: [try row.mathAnswer(answer)]), solution: answer)
    }

    private func naturalQuestions() throws -> BenchmarkItem {
        let answers = try row.acceptedAnswers()
        return BenchmarkItem(
            task: task, nativeID: row.nativeID(), query: "Q: \(try text("question"))?\nA:",
            target: .text(accepted: answers), solution: answers[0])
    }

    // MARK: Members

    private var wanted: String { "give rows of '\(task.rawValue)' as docs/benchmarks.md lists them" }

    private func text(_ key: String) throws -> String {
        guard let text = try row.optionalString(key) else { throw row.failure("'\(key)' is missing; \(wanted)") }
        return text
    }

    private func texts(_ key: String) throws -> [String] {
        if row.value[key] == nil { throw row.failure("'\(key)' is missing; \(wanted)") }
        return try Self.strings(row, key)
    }

    /// A whole number, also one written as a text.
    private func index(_ key: String, from first: Int = 0) throws -> Int {
        let number: Int? =
            if let written = row.value[key]?.stringValue { Int(written) } else { try row.optionalInteger(key) }
        guard let number else { throw row.failure("'\(key)' must be the number of the right choice; \(wanted)") }
        // A number at the edge of 64 bits is out of every range, and must not overflow.
        return number.subtractingReportingOverflow(first).partialValue
    }

    private static func strings(_ row: RowReader, _ key: String) throws -> [String] {
        try row.array(key).map { value in
            guard let text = value.stringValue else {
                throw row.failure("'\(key)' must be a list of texts, and holds \(value.typeName)")
            }
            return text
        }
    }
}

extension RowReader {
    /// What its file calls an item.
    func nativeID() -> String? {
        for key in ["native_id", "id", "ind", "index"] {
            switch value[key] {
            case .string(let text): return text
            case .integer(let number): return String(number)
            default: continue
            }
        }
        return nil
    }

    /// The number that a GSM8K answer ends with, as it is compared.
    func mathAnswer(_ answer: String) throws -> String {
        guard answer.contains("#### ") else { throw failure("'answer' has no number behind '#### '") }
        let number = MathAnswer.normalized(answer)
        if number.isEmpty { throw failure("'answer' ends with '#### ' and no number") }
        return number
    }

    /// The accepted answers of a question of NQ-open, at least one: a list, or one alone.
    func acceptedAnswers() throws -> [String] {
        let key = value["answers"] == nil ? "answer" : "answers"
        if let only = value[key]?.stringValue { return [only] }
        let answers = try array(key).map(\.stringValue)
        guard !answers.isEmpty, !answers.contains(nil) else {
            throw failure("'\(key)' must be a list of one accepted answer or more, each a text")
        }
        return answers.compactMap(\.self)
    }
}
