internal import Pipeline

/// A text that asks for the rating of one turn of an answer: a data file with `{question_1}` and `{answer_1}` in it, with
/// `{question_2}` and `{answer_2}` where the second turn is judged, with `{reference_1}` (and `{reference_2}`) where the
/// judge is shown reference answers, and perhaps a head: see `ScoreForm`.
package struct MTBenchRubric: Equatable, Sendable {
    /// What a rubric is for; it is told from the places in its text.
    package struct Purpose: Hashable, Sendable, CustomStringConvertible {
        /// The turn that is judged, from 1.
        package let turn: Int
        package let withReference: Bool

        package init(turn: Int, withReference: Bool) {
            self.turn = turn
            self.withReference = withReference
        }

        /// The names of the places.
        var places: [String] {
            (1...turn).flatMap { ["question_\($0)", "answer_\($0)"] + (withReference ? ["reference_\($0)"] : []) }
        }

        package var description: String {
            "the \(turn == 1 ? "first" : "second") turn \(withReference ? "with" : "without") a reference"
        }
    }

    package let purpose: Purpose
    /// How replies to it state their rating.
    package let form: ScoreForm
    private let text: PromptTemplate

    /// - Throws: `StageError.malformedTemplate` unless each place of its purpose occurs exactly once.
    package init(_ text: String, name: String) throws {
        let file = try TemplateFile(text, name: name)
        let purpose = Purpose(
            turn: file.text.contains("{question_2}") || file.text.contains("{answer_2}") ? 2 : 1,
            withReference: file.text.contains("{reference_"))
        self.purpose = purpose
        form = try ScoreForm(head: file.settings)
        self.text = try PromptTemplate(file.text, places: purpose.places, name: name)
    }

    /// The prompt that shows the turns of an answer up to the one that is judged.
    /// - Parameter references: at least as many as turns where the rubric shows them.
    package func render(_ turns: [MTBenchAnswer.Turn], references: [String] = []) -> String {
        var values: [String: String] = [:]
        for turn in 1...purpose.turn {
            values["question_\(turn)"] = turns[turn - 1].prompt
            values["answer_\(turn)"] = turns[turn - 1].text
            if purpose.withReference { values["reference_\(turn)"] = references[turn - 1] }
        }
        return text.render(values)
    }
}

/// The rubrics of a judge, one for each purpose.
struct MTBenchRubrics {
    private var rubrics: [MTBenchRubric.Purpose: MTBenchRubric] = [:]

    /// - Throws: `StageError.malformedTemplate`, also for two files of one purpose.
    init(blobs port: String, of inputs: StageInputs) throws {
        for (text, name) in try inputs.texts(port) {
            let rubric = try MTBenchRubric(text, name: name)
            guard rubrics.updateValue(rubric, forKey: rubric.purpose) == nil else {
                throw StageError.malformedTemplate(
                    name: name,
                    problem: "it judges \(rubric.purpose), as a file before it does; remove one of the two")
            }
        }
    }

    /// - Throws: `StageError.missingInput` where there is none.
    func rubric(for purpose: MTBenchRubric.Purpose, stage: StageKind) throws -> MTBenchRubric {
        guard let rubric = rubrics[purpose] else {
            throw StageError.missingInput(
                stage: stage.rawValue, port: "rubrics",
                because: "no file judges \(purpose), with "
                    + purpose.places.map { "'{\($0)}'" }.joined(separator: ", ") + " in it")
        }
        return rubric
    }
}
