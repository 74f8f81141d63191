/// How the replies to a pairwise rubric name the better response. The rubric's file says it, in its head: `label: Winner`,
/// `first: 1`.
package struct PairwiseForm: Equatable, Sendable {
    /// The word before the colon.
    package var label = "Verdict"
    /// What the response shown first is called, and the second, and what is said of two that are equal.
    package var first = "A"
    package var second = "B"
    package var tie = "tie"
    /// How many lines with words may follow the line of the verdict: see `VerdictParser`.
    package var trailingLines = 1

    package init() {}

    /// The name of each preference.
    package func mark(of preference: Preference) -> String {
        switch preference {
        case .first: first
        case .second: second
        case .tie: tie
        }
    }

    /// A reply that gives these reasons and comes to this end.
    func reply(justification: String, preference: Preference) -> String {
        "\(justification)\n\n\(label): \(mark(of: preference))"
    }
}

/// Which of two responses, in the order in which they are shown or named, is the better one.
package enum Preference: String, CaseIterable, Codable, Sendable {
    case first, second, tie

    /// 1 where it is for the first, 0 where it is for the second.
    var value: Double {
        switch self {
        case .first: 1
        case .second: 0
        case .tie: 0.5
        }
    }
}

/// The text that asks the model which of two responses is better: a data file with `{instruction}`, `{first}` and
/// `{second}` in it, and perhaps a head: see `PairwiseForm`.
package struct PairwiseTemplate: Equatable, Sendable {
    /// How replies to it name the better response.
    package let form: PairwiseForm
    private let text: PromptTemplate

    private static let instruction = "instruction"
    private static let first = "first"
    private static let second = "second"

    /// - Throws: `StageError.malformedTemplate` unless each of the three places occurs exactly once.
    package init(_ text: String, name: String) throws {
        let file = try TemplateFile(text, name: name)
        form = try PairwiseForm(head: file.settings)
        self.text = try PromptTemplate(
            file.text, places: [Self.instruction, Self.first, Self.second], name: name)
    }

    /// The prompt that shows `first` before `second`, or in the place that the template has for it.
    package func render(instruction: String, first: String, second: String) -> String {
        text.render([Self.instruction: instruction, Self.first: first, Self.second: second])
    }
}

extension PairwiseForm {
    /// Reads the head of a template.
    init(head: [TemplateFile.Setting]) throws {
        self.init()
        for setting in head {
            switch setting.name {
            case "label": label = try setting.word()
            case "first": first = try setting.mark()
            case "second": second = try setting.mark()
            case "tie": tie = try setting.mark()
            case "trailing_lines": trailingLines = try setting.lineCount()
            default: throw setting.refusal("there are 'label', 'first', 'second', 'tie' and 'trailing_lines'")
            }
        }
        if let last = head.last, Set([first, second, tie].map { $0.lowercased() }).count < 3 {
            throw last.refusal("'first', 'second' and 'tie' must be three different words")
        }
    }
}

extension TemplateFile.Setting {
    /// The value as one word of letters or digits.
    fileprivate func mark() throws -> String {
        let isWord = value.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0))
        }
        guard !value.isEmpty, isWord else { throw refusal("must be one word of the letters a to z or digits") }
        return value
    }
}
