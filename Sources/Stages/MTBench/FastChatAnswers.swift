package import Artifacts
package import Foundation

/// Answers as FastChat keeps them, a model's or a reference's: `{question_id, choices: [{turns}]}`, one a line.
package enum FastChatAnswers {
    /// The turns of the first choice, which is the one that FastChat judges, by question.
    /// - Throws: `StageError` with file and line for a row that is no answer, or a second one to the same question.
    package static func read(_ files: [(url: URL, name: String)]) throws -> [Int: [String]] {
        var answers: [Int: [String]] = [:]
        for file in files {
            for line in try JSONLineReader.read(file.url, name: file.name) {
                let row = RowReader(value: line.value, file: file.name, line: line.number)
                let id = try row.questionID()
                guard let choice = try row.array("choices").first else {
                    throw row.failure("'choices' is empty or missing: question \(id) has no answer")
                }
                let turns = try RowReader(value: choice, file: file.name, line: line.number).texts("turns")
                guard answers.updateValue(turns, forKey: id) == nil else {
                    throw row.failure("question \(id) has an answer already; give the answers of one model")
                }
            }
        }
        return answers
    }

    /// A row as FastChat's programs read it.
    /// - Parameter model: whom they are to take it for.
    package static func row(_ answer: MTBenchAnswer, model: String) -> JSONValue {
        [
            "question_id": .integer(Int64(answer.questionID)), "answer_id": .string(answer.id),
            "model_id": .string(model),
            "choices": [["index": 0, "turns": .array(answer.turns.map { .string($0.text) })]],
            // FastChat writes when a row was made, and never reads it; the same answers are the same bytes here.
            "tstamp": 0,
        ]
    }
}
