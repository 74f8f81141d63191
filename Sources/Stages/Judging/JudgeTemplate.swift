internal import Foundation

/// The text that asks the model to judge a response: a data file with `{instruction}` and `{response}` in it.
///
/// A file whose first line is `---` has a head up to the next such line, which says how replies state their score: see
/// `ScoreForm`. It is not part of the text.
///
/// What is put in is never read as template text, and cannot leave its fence: the tags that the template closes
/// (`</response>`) are broken up where they occur in the instruction or the response.
package struct JudgeTemplate: Equatable, Sendable {
    /// How replies to it state their score.
    package let form: ScoreForm

    private enum Slot: String { case instruction = "{instruction}", response = "{response}" }

    private let before: String
    private let first: Slot
    private let between: String
    private let after: String
    /// Names of the tags that the template closes, lower-cased.
    private let fences: [String]

    /// - Parameters:
    ///   - text: the template; one line break at its end is not part of it.
    ///   - name: what errors call it.
    /// - Throws: `StageError.malformedTemplate` unless each of the two places occurs exactly once.
    package init(_ text: String, name: String) throws {
        let (form, rest) = try Self.head(of: text, name: name)
        self.form = form
        let body = rest.hasSuffix("\n") ? String(rest.dropLast()) : rest
        let instruction = try Self.place(.instruction, in: body, name: name)
        let response = try Self.place(.response, in: body, name: name)
        first = instruction.lowerBound < response.lowerBound ? .instruction : .response
        let (earlier, later) = first == .instruction ? (instruction, response) : (response, instruction)
        before = String(body[..<earlier.lowerBound])
        between = String(body[earlier.upperBound..<later.lowerBound])
        after = String(body[later.upperBound...])
        fences = Self.closedTags(in: body)
    }

    private static func head(of text: String, name: String) throws -> (form: ScoreForm, rest: String) {
        let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        // Lines may end as on Windows, and in spaces that nobody sees.
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        func isFence(_ line: Substring) -> Bool { line.trimmingCharacters(in: .whitespaces) == "---" }
        guard let first = lines.first, isFence(first) else { return (.additive, text) }
        guard let end = lines.dropFirst().firstIndex(where: isFence) else {
            throw StageError.malformedTemplate(name: name, problem: "its head has no end; close it with a line '---'")
        }
        let form = try ScoreForm(header: lines[1..<end], name: name)
        return (form, lines[(end + 1)...].joined(separator: "\n"))
    }

    private static func place(_ slot: Slot, in text: String, name: String) throws -> Range<String.Index> {
        let places = text.ranges(of: slot.rawValue)
        guard let place = places.first, places.count == 1 else {
            throw StageError.malformedTemplate(
                name: name,
                problem: "'\(slot.rawValue)' occurs \(places.count) times; it must stand in it exactly once")
        }
        return place
    }

    private static func closedTags(in text: String) -> [String] {
        text.components(separatedBy: "</").dropFirst().compactMap { rest in
            guard let end = rest.firstIndex(of: ">") else { return nil }
            let tag = rest[..<end].lowercased()
            return tag.isEmpty || !tag.allSatisfy(\.isLetter) ? nil : tag
        }
    }

    /// The judge prompt for one response to an instruction.
    package func render(instruction: String, response: String) -> String {
        let instruction = fenced(instruction)
        let response = fenced(response)
        return first == .instruction
            ? before + instruction + between + response + after
            : before + response + between + instruction + after
    }

    /// The text with a backslash in each tag, opening or closing, that could end or imitate a fence of the template.
    private func fenced(_ text: String) -> String {
        guard text.contains("<"), !fences.isEmpty else { return text }
        var result = ""
        var rest = text[...]
        while let bracket = rest.firstIndex(of: "<") {
            let next = rest.index(after: bracket)
            result += rest[..<next]
            rest = rest[next...]
            let inner = rest.prefix(64).lowercased().drop { $0.isWhitespace || $0 == "/" }
            if fences.contains(where: inner.hasPrefix) { result += "\\" }
        }
        return result + rest
    }
}
