internal import Artifacts
package import Foundation

/// The prompts of a benchmark that models are measured on, and must not be trained on.
package struct EvaluationSet: Equatable, Sendable {
    package struct Item: Equatable, Sendable {
        /// Its place, for people: the line of a file, the number in a list, or the id of a ranking.
        package let place: String
        package let text: String

        package init(place: String, text: String) {
            self.place = place
            self.text = text
        }
    }

    /// What ledgers call it.
    package let name: String
    package let items: [Item]

    package init(name: String, items: [Item]) {
        self.name = name
        self.items = items
    }

    /// Reads a file of JSON lines, or one JSON list, as benchmarks are given out: the text of a row is the first of
    /// `fields` that it has. A list of texts, such as the turns of a conversation, is as many items.
    /// - Parameter file: its address, and what errors call it.
    /// - Throws: `StageError` with file and line, also for a row that has none of the fields.
    package static func read(_ file: (url: URL, name: String), as name: String, fields: [String]) throws -> Self {
        let items = try JSONRows.read(file.url, name: file.name).flatMap { row -> [Item] in
            guard let field = fields.first(where: { row.value[$0] != nil && row.value[$0] != .null }) else {
                throw row.failure("there is none of \(fields.map { "'\($0)'" }.joined(separator: ", "))")
            }
            let values = row.value[field]?.arrayValue ?? [row.value[field] ?? .null]
            return try values.map { value in
                guard let text = value.stringValue else {
                    throw row.failure("'\(field)' must be a text or a list of texts")
                }
                return Item(place: row.place, text: text)
            }
        }
        return Self(name: name, items: items)
    }
}
