internal import Foundation

/// A text with places for other texts: `{instruction}`.
///
/// What is put in is never read as template text, and cannot leave its fence: the tags that the template closes
/// (`</response>`) are broken up where they occur in what is put in.
struct PromptTemplate: Equatable, Sendable {
    /// What stands before each place, and the place's name.
    private let parts: [Part]
    private let end: String
    /// Names of the tags that the template closes, lower-cased.
    private let fences: [String]

    private struct Part: Equatable {
        let text: String
        let place: String
    }

    /// - Parameters:
    ///   - text: the template; one line break at its end is not part of it.
    ///   - places: the names between the braces.
    ///   - name: what errors call it.
    /// - Throws: `StageError.malformedTemplate` unless each place occurs exactly once.
    init(_ text: String, places: [String], name: String) throws {
        let body = text.hasSuffix("\n") ? String(text.dropLast()) : text
        let found = try places.map { place in
            let ranges = body.ranges(of: "{\(place)}")
            guard let range = ranges.first, ranges.count == 1 else {
                throw StageError.malformedTemplate(
                    name: name,
                    problem: "'{\(place)}' occurs \(ranges.count) times; it must stand in it exactly once")
            }
            return (place: place, range: range)
        }
        var start = body.startIndex
        var parts: [Part] = []
        for (place, range) in found.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            parts.append(Part(text: String(body[start..<range.lowerBound]), place: place))
            start = range.upperBound
        }
        self.parts = parts
        end = String(body[start...])
        fences = Self.closedTags(in: body)
    }

    private static func closedTags(in text: String) -> [String] {
        text.components(separatedBy: "</").dropFirst().compactMap { rest in
            guard let end = rest.firstIndex(of: ">") else { return nil }
            let tag = rest[..<end].lowercased()
            return tag.isEmpty || !tag.allSatisfy(\.isLetter) ? nil : tag
        }
    }

    /// The text with `values` in its places; every place must have one.
    func render(_ values: [String: String]) -> String {
        var text = ""
        for part in parts {
            guard let value = values[part.place] else {
                preconditionFailure("prompt template: nothing for '{\(part.place)}'")
            }
            text += part.text + fenced(value)
        }
        return text + end
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
