internal import Foundation

/// Reads from a judge's reply which response it finds better.
///
/// The reply alone is read, never the prompt. The last `label : mark` counts, as the last score does for `VerdictParser`;
/// letter case is ignored, and spaces, line breaks, markdown, brackets and a word such as `Response` may stand around the
/// mark. A statement that names two (`A or B`), or a last label without a mark, cannot be read: no statement before it
/// takes its place.
package struct PreferenceParser: Sendable {
    private let form: PairwiseForm

    package init(_ form: PairwiseForm = PairwiseForm()) { self.form = form }

    /// - Parameter finish: how the reply ended; one that was cut off has no verdict.
    package func parse(_ reply: String, finish: Finish) -> Reading {
        switch finish {
        case .stop: break
        case .length: return .unparsable(.cutOff)
        case .doesNotFit: return .unparsable(.doesNotFit)
        }
        guard let statement = lastStatement(in: reply) else { return .unparsable(.noVerdict) }
        guard linesWithWords(reply[statement.end...]) <= form.trailingLines else { return .unparsable(.notAtEnd) }
        return statement.result
    }

    /// The reply without its verdict, trimmed: what the judge gives as its reasons.
    package func justification(in reply: String) -> String {
        let reasons = lastStatement(in: reply).map { reply[..<$0.start] } ?? reply[...]
        return reasons.trimmingCharacters(in: .whitespacesAndNewlines.union(CharacterSet(charactersIn: "*_#`")))
    }

    /// What a reply comes to.
    package enum Reading: Equatable, Sendable {
        case prefers(Preference)
        case unparsable(UnparsableReason)

        package var preference: Preference? {
            if case .prefers(let preference) = self { preference } else { nil }
        }

        package var reason: UnparsableReason? {
            if case .unparsable(let reason) = self { reason } else { nil }
        }
    }

    private struct Statement {
        let result: Reading
        let start: String.Index
        let end: String.Index
    }

    /// A line break of two characters is one `Character`.
    private static let decoration = Set<Character>(" \t*_`~\"'#").union(["\n", "\r", "\r\n"])
    private static let brackets = Set<Character>("<([{>)]}")
    /// What a response may be called before its mark.
    private static let nouns = ["response", "answer", "assistant", "output", "option"]
    /// What would go on to name another response.
    private static let connectives = ["/", "|", ",", "&", "+", "=", "<", ">", "or ", "and ", "vs", "-"]
    /// What is said of two equal responses besides the rubric's own word.
    private static let draws = ["tie", "draw"]

    private func lastStatement(in reply: String) -> Statement? {
        var end = reply.endIndex
        while let range = reply.range(
            of: form.label, options: [.backwards, .caseInsensitive], range: reply.startIndex..<end)
        {
            end = range.lowerBound
            if let statement = statement(label: range, in: reply) { return statement }
        }
        return nil
    }

    /// What is stated at a label; nil where it is part of another word, or no colon follows.
    private func statement(label: Range<String.Index>, in reply: String) -> Statement? {
        if let before = reply[..<label.lowerBound].last, before.isLetter || before.isNumber { return nil }
        var rest = reply[label.upperBound...].drop { Self.decoration.contains($0) }
        guard rest.first == ":" else { return nil }
        rest = skipOpening(rest.dropFirst())
        guard let (preference, behind) = mark(at: rest) else {
            let line = rest.prefix { !$0.isNewline }
            return Statement(result: .unparsable(.noVerdict), start: label.lowerBound, end: line.endIndex)
        }
        let result: Reading = namesAnother(behind) ? .unparsable(.ambiguous) : .prefers(preference)
        return Statement(result: result, start: label.lowerBound, end: behind.startIndex)
    }

    /// The mark that `text` begins with, perhaps after a noun, and what stands behind it.
    private func mark(at text: Substring) -> (Preference, Substring)? {
        if let found = bareMark(at: text) { return found }
        guard let noun = Self.nouns.first(where: { starts(text, with: $0) }) else { return nil }
        return bareMark(at: skipOpening(text.dropFirst(noun.count)))
    }

    private func bareMark(at text: Substring) -> (Preference, Substring)? {
        // "A tie" is no vote for A.
        let draws = Self.draws.filter { draw in ![form.first, form.second].contains { $0.lowercased() == draw } }
        let ties = ([form.tie] + draws).flatMap { [$0, "a \($0)"] }
        let words = ties.map { (Preference.tie, $0) } + [(.first, form.first), (.second, form.second)]
        for (preference, word) in words where starts(text, with: word) {
            let behind = text.dropFirst(word.count)
            if let next = behind.first, next.isLetter || next.isNumber { continue }
            return (preference, behind)
        }
        return nil
    }

    /// Whether a connective and another mark follow directly.
    private func namesAnother(_ behind: Substring) -> Bool {
        // An angle may close a bracket, or compare two marks.
        [Set<Character>(")]}"), Self.brackets].contains { closings in
            let rest = behind.drop { !$0.isNewline && (Self.decoration.contains($0) || closings.contains($0)) }
            return Self.connectives.contains { connective in
                starts(rest, with: connective) && mark(at: skipOpening(rest.dropFirst(connective.count))) != nil
            }
        }
    }

    private func skipOpening(_ text: Substring) -> Substring {
        text.drop { Self.decoration.contains($0) || Self.brackets.contains($0) }
    }

    private func starts(_ text: Substring, with word: String) -> Bool {
        text.prefix(word.count).lowercased() == word.lowercased()
    }

    private func linesWithWords(_ text: Substring) -> Int {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).dropFirst()
            .count { $0.contains { $0.isLetter || $0.isNumber } }
    }
}
