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
        /// The instruction resembles one that is held out.
        case nearHeldOut = "near-held-out"
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

    /// Examples as training rows.
    package struct Selection {
        package fileprivate(set) var rows: [JudgeExample] = []
        package fileprivate(set) var ledger: [LedgerEntry] = []
        /// How many of the rows have an instruction that resembles a held-out one: none where such are dropped.
        package fileprivate(set) var resemblingHeldOut = 0
    }

    /// The examples as training rows, without those whose instruction is held out for evaluation.
    /// - Parameters:
    ///   - heldOut: prompts of the held-out rankings.
    ///   - nearDuplicates: what is done about an instruction that resembles one of them.
    package static func select(
        _ examples: [EvaluationExample], template: JudgeTemplate, heldOut: [String],
        nearDuplicates: NearDuplicates = .report
    ) -> Selection {
        let forbidden = Set(heldOut.map(\.promptKey))
        var pool = SimilarityPool()
        for (index, prompt) in heldOut.enumerated() { pool.insert(id: String(index), text: prompt) }
        var seen: Set<String> = []
        var selection = Selection()
        for example in examples {
            let row = JudgeExample(
                instruction: example.instruction, response: example.response,
                input: template.render(instruction: example.instruction, response: example.response),
                justification: example.justification, score: example.score, origin: .seed, form: template.form)
            let isNear = pool.nearest(to: example.instruction, above: PromptResemblance.floor) != nil
            let reason: Reason =
                if forbidden.contains(example.instruction.promptKey) {
                    .heldOut
                } else if isNear, nearDuplicates == .drop {
                    .nearHeldOut
                } else {
                    seen.insert(row.id).inserted ? .kept : .duplicate
                }
            selection.ledger.append(
                LedgerEntry(
                    item: row.id, decision: reason == .kept ? .kept : .dropped, reason: reason, detail: example.origin
                ))
            guard reason == .kept else { continue }
            selection.rows.append(row)
            selection.resemblingHeldOut += isNear ? 1 : 0
        }
        return selection
    }
}

extension String {
    /// What two spellings of one prompt have in common: case and white space do not count.
    package var promptKey: String {
        precomposedStringWithCanonicalMapping.collapsingWhitespace().lowercased()
    }
}
