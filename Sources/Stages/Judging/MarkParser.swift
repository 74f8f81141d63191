internal import Foundation

/// Finds in a judge's reply which of a few marks it states after a word: `Verdict: A`, `Category: coding`.
///
/// The reply alone is read, never the prompt. The last `label : mark` counts, as the last score does for `VerdictParser`;
/// letter case is ignored, and spaces, line breaks, markdown and brackets may stand around the mark. A statement that names
/// two (`A or B`), or a last label without a mark, cannot be read: no statement before it takes its place.
struct MarkParser: Sendable {
    /// Why nothing could be read.
    struct Unreadable: Error {
        let reason: UnparsableReason
    }

    private let label: String
    /// What may stand for which mark. Of two words that begin alike, the one that is to be tried first comes first.
    private let words: [(word: String, mark: Int)]
    /// What may stand before a mark.
    private let nouns: [String]
    private let trailingLines: Int
    /// The reason where no mark is stated.
    private let absence: UnparsableReason
    /// What may follow a mark that is a number of a scale: `/10`; nil where marks are words.
    private let scaleEnd: String?

    init(
        label: String, words: [(word: String, mark: Int)], nouns: [String] = [], trailingLines: Int,
        without absence: UnparsableReason, scaleEnd: String? = nil
    ) {
        self.label = label
        self.words = words
        self.nouns = nouns
        self.trailingLines = trailingLines
        self.absence = absence
        self.scaleEnd = scaleEnd
    }

    /// The mark that the reply comes to.
    /// - Parameter finish: how the reply ended; one that was cut off comes to none.
    func parse(_ reply: String, finish: Finish) -> Result<Int, Unreadable> {
        switch finish {
        case .stop: break
        case .length: return .failure(Unreadable(reason: .cutOff))
        case .doesNotFit: return .failure(Unreadable(reason: .doesNotFit))
        }
        guard let statement = lastStatement(in: reply) else { return .failure(Unreadable(reason: absence)) }
        guard linesWithWords(reply[statement.end...]) <= trailingLines else {
            return .failure(Unreadable(reason: .notAtEnd))
        }
        return statement.result
    }

    /// The reply without its statement, trimmed: what the judge gives as its reasons.
    func justification(in reply: String) -> String {
        let reasons = lastStatement(in: reply).map { reply[..<$0.start] } ?? reply[...]
        return reasons.trimmingCharacters(in: .whitespacesAndNewlines.union(CharacterSet(charactersIn: "*_#`")))
    }

    private struct Statement {
        let result: Result<Int, Unreadable>
        let start: String.Index
        let end: String.Index
    }

    /// A line break of two characters is one `Character`.
    private static let decoration = Set<Character>(" \t*_`~\"'#").union(["\n", "\r", "\r\n"])
    private static let brackets = Set<Character>("<([{>)]}")
    /// What would go on to name another response.
    private static let connectives = ["/", "|", ",", "&", "+", "=", "<", ">", "or ", "and ", "vs", "-"]

    private func lastStatement(in reply: String) -> Statement? {
        var end = reply.endIndex
        while let range = reply.range(
            of: label, options: [.backwards, .caseInsensitive], range: reply.startIndex..<end)
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
        guard let (mark, behind) = mark(at: rest) else {
            let line = rest.prefix { !$0.isNewline }
            return Statement(
                result: .failure(Unreadable(reason: absence)), start: label.lowerBound, end: line.endIndex)
        }
        let result: Result<Int, Unreadable> =
            namesAnother(behind) ? .failure(Unreadable(reason: .ambiguous)) : .success(mark)
        return Statement(result: result, start: label.lowerBound, end: behind.startIndex)
    }

    /// The mark that `text` begins with, perhaps after a noun, and what stands behind it.
    private func mark(at text: Substring) -> (Int, Substring)? {
        if let found = bareMark(at: text) { return found }
        guard let noun = nouns.first(where: { starts(text, with: $0) }) else { return nil }
        return bareMark(at: skipOpening(text.dropFirst(noun.count)))
    }

    private func bareMark(at text: Substring) -> (Int, Substring)? {
        for (word, mark) in words where starts(text, with: word) {
            let behind = text.dropFirst(word.count)
            if let next = behind.first, next.isLetter || next.isNumber { continue }
            guard let scaleEnd else { return (mark, behind) }
            let rest = starts(behind, with: scaleEnd) ? behind.dropFirst(scaleEnd.count) : behind
            return changesNumber(rest) ? nil : (mark, rest)
        }
        return nil
    }

    /// Whether what follows a number makes it another one: `4.5`, `7/100`, `70%`.
    private func changesNumber(_ rest: Substring) -> Bool {
        guard let next = rest.first else { return false }
        return next.isNumber || next == "/" || next == "%"
            || (next == "." || next == ",") && rest.dropFirst().first?.isNumber == true
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
