internal import Foundation

/// Reads the score from a judge's reply.
///
/// The reply alone is read, never the prompt: a response that contains `Score: 5` cannot set its own reward. The last
/// `score : number` of the reply counts (or another word, where the rubric has another), since judges write sub-scores first. Letter case is ignored; spaces, line
/// breaks, markdown and brackets may stand around the colon and the number; `/5` or `out of 5` may follow. Decimals
/// are kept. Anything else about the number makes the reply unparsable: it is never cut, clamped or rounded into range.
/// A last `Score:` without a number is a conclusion that cannot be read; no sub-score before it takes its place.
package struct VerdictParser: Sendable {
    /// How many lines with words may follow the line of the score.
    ///
    /// The rubric asks for the score as the conclusion. One line is allowed after it: a closing remark, or the
    /// justification as a single paragraph of a judge that states the score first. More than that, and the score was
    /// an intermediate one, such as that of a criterion.
    package var trailingLines: Int

    private let form: ScoreForm

    package init(_ form: ScoreForm = .additive) {
        self.form = form
        trailingLines = form.trailingLines
    }

    /// - Parameter finish: how the reply ended. One that was cut off has no verdict, whatever it holds: it may have been
    ///   about to change its score, or have come to that of one criterion only.
    package func parse(_ reply: String, finish: Finish) -> Verdict {
        switch finish {
        case .stop: verdict(of: ReplyScanner(reply, form))
        case .length: .unparsable(.cutOff)
        case .doesNotFit: .unparsable(.doesNotFit)
        }
    }

    /// The reply without its score statement, trimmed: what the judge gives as its reasons. Without such a statement
    /// it is the whole reply.
    ///
    /// What a reply that was cut off says after its score is left out: it breaks off.
    package func justification(in reply: String, finish: Finish) -> String {
        let text = ReplyScanner(reply, form)
        guard let match = text.lastScore(), finish != .length || !text.isOfOneCriterion(match) else {
            return reply.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let bytes = Array(reply.utf8)
        var parts = [bytes[..<text.startOfStatement(match)]]
        if finish != .length { parts.append(bytes[text.endOfStatement(match)...]) }
        return parts.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
            .filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func verdict(of text: ReplyScanner) -> Verdict {
        guard let match = text.lastScore(), match.hasNumber else { return .unparsable(.noScore) }
        guard text.linesWithWords(after: match.end) <= trailingLines else { return .unparsable(.notAtEnd) }
        switch match.number {
        case .failure(let reason): return .unparsable(reason.reason)
        case .success(let score):
            return form.range.contains(score) ? .scored(score) : .unparsable(.outOfRange)
        }
    }
}
