internal import Artifacts
package import Foundation

/// A response that a person has judged: seed data for evaluation fine-tuning (paper §2.1).
package struct EvaluationExample: Equatable, Sendable {
    package let instruction: String
    package let response: String
    package let justification: String
    package let score: Int
    /// File and line, for messages.
    package let origin: String
}

/// Reads hand-judged examples: `{instruction, response, justification, score}`, one a line.
package enum EvaluationExampleReader {
    package enum Reason: String {
        case kept
        /// The instruction is one that is held out.
        case heldOut = "held-out"
        /// The very example was there before.
        case duplicate
    }

    /// - Parameters:
    ///   - name: what errors call the file.
    ///   - scale: the rubric's.
    /// - Throws: `StageError` with file and line, also for a score that is not a whole number of the scale.
    package static func read(
        _ file: URL, name: String, scale: ClosedRange<Int> = ScoreForm.additive.scale
    ) throws -> [EvaluationExample] {
        try JSONLineReader.read(file, name: name).map { line in
            let row = RowReader(value: line.value, file: name, line: line.number)
            guard let score = try row.optionalInteger("score"), scale.contains(score) else {
                throw row.failure("'score' must be a whole number from \(scale.lowerBound) to \(scale.upperBound)")
            }
            let example = EvaluationExample(
                instruction: try row.string("instruction"), response: try row.string("response"),
                justification: try row.string("justification"), score: score, origin: "\(name):\(line.number)")
            guard !example.instruction.allSatisfy(\.isWhitespace), !example.justification.allSatisfy(\.isWhitespace)
            else { throw row.failure("'instruction' and 'justification' must not be empty") }
            return example
        }
    }

    /// The examples as training rows, without those whose instruction is held out for evaluation.
    /// - Parameter heldOut: prompts of the held-out rankings.
    package static func rows(
        _ examples: [EvaluationExample], template: JudgeTemplate, heldOut: [String]
    ) -> (rows: [JudgeExample], ledger: [LedgerEntry]) {
        let forbidden = Set(heldOut.map(\.promptKey))
        var seen: Set<String> = []
        var rows: [JudgeExample] = []
        var ledger: [LedgerEntry] = []
        for example in examples {
            let row = JudgeExample(
                instruction: example.instruction, response: example.response,
                input: template.render(instruction: example.instruction, response: example.response),
                justification: example.justification, score: example.score, origin: .seed, form: template.form)
            let reason: Reason =
                forbidden.contains(example.instruction.promptKey)
                ? .heldOut : seen.insert(row.id).inserted ? .kept : .duplicate
            ledger.append(
                LedgerEntry(
                    item: row.id, decision: reason == .kept ? .kept : .dropped, reason: reason, detail: example.origin
                ))
            if reason == .kept { rows.append(row) }
        }
        return (rows, ledger)
    }
}

extension String {
    /// What two spellings of one prompt have in common: case and white space do not count.
    package var promptKey: String {
        precomposedStringWithCanonicalMapping.collapsingWhitespace().lowercased()
    }
}
