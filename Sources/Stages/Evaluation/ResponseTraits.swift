internal import Foundation

/// What may sway a judge and is no part of how good a response is: its length and its form.
package struct ResponseTraits: Sendable, Equatable {
    package let characters: Int
    /// Two lines or more that begin with a bullet or a number.
    package let hasList: Bool
    /// A heading, bold words, a table or a link.
    package let hasMarkdown: Bool
    /// A fenced block, or words between single backticks.
    package let hasCode: Bool

    package init(_ text: String) {
        characters = text.count
        let lines = text.split(whereSeparator: \.isNewline)
        hasList = lines.count { Self.beginsItem($0) } >= 2
        hasMarkdown =
            lines.contains { Self.isHeading($0) || Self.isTableRow($0) }
            || Self.holdsPair("**", in: text) || text.contains("](")
        hasCode = text.contains("```") || Self.holdsPair("`", in: text)
    }

    private static func beginsItem(_ line: Substring) -> Bool {
        let text = line.drop(while: \.isWhitespace)
        if let first = text.first, "-*+•".contains(first) { return text.dropFirst().first == " " }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard (1...3).contains(digits.count), let mark = text.dropFirst(digits.count).first else { return false }
        return ".)".contains(mark) && text.dropFirst(digits.count + 1).first == " "
    }

    private static func isHeading(_ line: Substring) -> Bool {
        let marks = line.prefix { $0 == "#" }
        return (1...6).contains(marks.count) && line.dropFirst(marks.count).first == " "
    }

    private static func isTableRow(_ line: Substring) -> Bool {
        line.first == "|" && line.count { $0 == "|" } >= 3
    }

    /// Whether one line holds the mark twice, close around something.
    private static func holdsPair(_ mark: String, in text: String) -> Bool {
        text.split(whereSeparator: \.isNewline).contains { line in
            line.components(separatedBy: mark).dropFirst().dropLast().contains { inner in
                guard let first = inner.first, let last = inner.last else { return false }
                return !first.isWhitespace && !last.isWhitespace
            }
        }
    }
}
