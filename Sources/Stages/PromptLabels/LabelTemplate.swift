internal import Foundation

/// How the replies to a labelling rubric name a label. The rubric's file says it, in its head:
///
///     aspect: complexity
///     label: Complexity
///     values: 1 | 2 | 3
package struct LabelForm: Equatable, Sendable {
    /// The respect in which prompts are told apart, in measurements and rows.
    package var aspect: String
    /// The word before the colon.
    package var label = "Label"
    /// What there is to choose from, in order.
    package var values: [String]
    /// How many lines with words may follow the line of the label: see `VerdictParser`.
    package var trailingLines = 1

    /// Whether all values are whole numbers.
    private var isNumeric: Bool { values.allSatisfy { Int($0) != nil } }

    var parser: MarkParser {
        // Of values that begin alike the longer one is tried first.
        let words = values.enumerated().map { (word: $1, mark: $0) }
            .sorted { ($1.word.count, $0.mark) < ($0.word.count, $1.mark) }
        return MarkParser(
            label: label, words: words, trailingLines: trailingLines, without: .noLabel,
            scaleEnd: isNumeric ? "/\(values[values.count - 1])" : nil)
    }
}

extension LabelForm {
    private static let fewestValues = 2

    /// Reads the head of a template.
    init(head: [TemplateFile.Setting], name: String) throws {
        var aspect: String?
        var values: [String]?
        self.init(aspect: "", values: [])
        for setting in head {
            switch setting.name {
            case "aspect": aspect = try setting.word()
            case "label": label = try setting.word()
            case "values": values = try Self.values(setting)
            case "trailing_lines": trailingLines = try setting.lineCount()
            default: throw setting.refusal("there are 'aspect', 'label', 'values' and 'trailing_lines'")
            }
        }
        guard let aspect, let values else {
            throw StageError.malformedTemplate(
                name: name,
                problem:
                    "its head, the lines between '---' and '---' at its beginning, must name the aspect and its values, as in "
                    + "'aspect: length' and 'values: short | long'")
        }
        self.aspect = aspect
        self.values = values
    }

    private static func values(_ setting: TemplateFile.Setting) throws -> [String] {
        let values = setting.value.split(separator: "|", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        let isPlain = values.joined().unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard isPlain, values.count >= fewestValues, !values.contains(""),
            Set(values.map { $0.lowercased() }).count == values.count
        else { throw setting.refusal("must be two values or more, each once, with '|' between them") }
        return values
    }
}

/// The text that asks a judge for a label of a prompt: a data file with `{instruction}` in it and a head: see `LabelForm`.
package struct LabelTemplate: Equatable, Sendable {
    package let form: LabelForm
    private let text: PromptTemplate

    private static let instruction = "instruction"

    /// - Throws: `StageError.malformedTemplate` unless the place occurs exactly once and the head names the values.
    package init(_ text: String, name: String) throws {
        let file = try TemplateFile(text, name: name)
        form = try LabelForm(head: file.settings, name: name)
        self.text = try PromptTemplate(file.text, places: [Self.instruction], name: name)
    }

    package func render(instruction: String) -> String { text.render([Self.instruction: instruction]) }
}
