internal import Artifacts

/// A question of a benchmark.
package struct BenchmarkItem: Equatable, Sendable {
    /// One of the answers to choose from.
    package struct Choice: Equatable, Sendable {
        package let text: String
        /// What is put behind the prompt: the text, and the space before it.
        package let continuation: String

        init(_ text: String) {
            self.text = text
            continuation = " " + text
        }

        /// A continuation as a request gives it.
        init(continuation: String) {
            self.continuation = continuation
            text =
                continuation.unicodeScalars.first == " "
                ? String(continuation.unicodeScalars.dropFirst()) : continuation
        }
    }

    package enum Target: Equatable, Sendable {
        /// The right one is that at `gold`.
        case choice(of: [Choice], gold: Int)
        /// To be written; each of these is right.
        case text(accepted: [String])
    }

    /// Derived from the task and the question, so that the answers of two models can be paired.
    package let id: String
    /// The id that its file gives it.
    package let nativeID: String?
    /// MMLU's subject.
    package let subject: String?
    /// What is asked, without demonstrations; of a request the whole prompt.
    package let query: String
    /// Whether `query` is a request's prompt, to which nothing is added.
    package let isWholePrompt: Bool
    package let target: Target
    /// How it is answered where it is a demonstration.
    package let solution: String
    /// A request's own; nil for the task's.
    package let stopStrings: [String]?

    init(
        task: BenchmarkTask, nativeID: String?, subject: String? = nil, query: String, isWholePrompt: Bool = false,
        target: Target, solution: String, stopStrings: [String]? = nil, occurrence: Int = 0
    ) {
        let answers: [String] =
            switch target {
            case .choice(let choices, _): choices.map(\.continuation)
            case .text(let accepted): accepted
            }
        id = RecordID.derive(
            "benchmark-item",
            [
                .string(task.rawValue), .string(subject ?? ""), .string(query), .array(answers.map(JSONValue.string)),
                .count(occurrence),
            ])
        self.nativeID = nativeID
        self.subject = subject
        self.query = query
        self.isWholePrompt = isWholePrompt
        self.target = target
        self.solution = solution
        self.stopStrings = stopStrings
    }

    /// The same question once more: files hold some twice, and each is an item of its own.
    func repeated(_ occurrence: Int, task: BenchmarkTask) -> BenchmarkItem {
        BenchmarkItem(
            task: task, nativeID: nativeID, subject: subject, query: query, isWholePrompt: isWholePrompt,
            target: target, solution: solution, stopStrings: stopStrings, occurrence: occurrence)
    }
}
