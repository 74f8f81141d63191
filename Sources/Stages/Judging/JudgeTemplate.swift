/// The text that asks the model to judge a response: a data file with `{instruction}` and `{response}` in it.
///
/// A file whose first line is `---` has a head up to the next such line, which says how replies state their score: see
/// `ScoreForm`.
package struct JudgeTemplate: Equatable, Sendable {
    /// How replies to it state their score.
    package let form: ScoreForm
    private let text: PromptTemplate

    private static let instruction = "instruction"
    private static let response = "response"

    /// - Parameters:
    ///   - text: the template; one line break at its end is not part of it.
    ///   - name: what errors call it.
    /// - Throws: `StageError.malformedTemplate` unless each of the two places occurs exactly once.
    package init(_ text: String, name: String) throws {
        let file = try TemplateFile(text, name: name)
        form = try ScoreForm(head: file.settings)
        self.text = try PromptTemplate(file.text, places: [Self.instruction, Self.response], name: name)
    }

    /// The judge prompt for one response to an instruction.
    package func render(instruction: String, response: String) -> String {
        text.render([Self.instruction: instruction, Self.response: response])
    }
}
