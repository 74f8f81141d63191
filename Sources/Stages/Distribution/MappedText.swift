internal import Artifacts
internal import Pipeline

/// Which text of a row is put on the map.
package enum TextPart: String, ParameterChoice {
    /// What is asked; of evaluation data the whole judge prompt.
    case prompt
    /// What is answered; of a pair the chosen response, of a ranking the best.
    case response
}

/// A text that is to be put on the map.
package struct MappedText: Sendable, Equatable {
    /// The id of the row whose text it is.
    package let row: String
    package let group: String
    package let text: String

    package init(row: String, group: String, text: String) {
        self.row = row
        self.group = group
        self.text = text
    }
}

/// A row that has a prompt, a response or both.
protocol TextRow: Record {
    /// The text, and the id of the row that it belongs to in the first place; nil for a kind of row that has no such text.
    func text(_ part: TextPart) -> (row: String, text: String)?
}

/// The kinds of row that have texts to be mapped.
enum TextRows {
    static let types: [any TextRow.Type] = [
        SeedExample.self, JudgeExample.self, GeneratedPrompt.self, Candidate.self, PreferencePair.self,
        BestResponse.self, Ranking.self,
    ]

    static func port(_ name: String) -> Port {
        let schemas = types.map { $0.schema.description }
        return Port(name, schema: schemas[0], alternatives: Array(schemas.dropFirst()), acceptsMany: true)
    }

    /// The texts of the artifact at a place of the list that is connected to `port`.
    /// - Returns: nil where rows of its kind have no such text.
    static func read(
        _ part: TextPart, _ port: String, at index: Int, of inputs: StageInputs
    ) throws -> [(row: String, text: String)]? {
        let schema = inputs.references(port)[index].schema
        guard let type = types.first(where: { $0.schema.description == schema }) else { return nil }
        func texts<Row: TextRow>(_ type: Row.Type) throws -> [(row: String, text: String)]? {
            let rows = try inputs.rows(port, at: index, as: type)
            let texts = rows.compactMap { $0.text(part) }
            return texts.isEmpty && !rows.isEmpty ? nil : texts
        }
        return try texts(type)
    }
}

extension SeedExample: TextRow {
    func text(_ part: TextPart) -> (row: String, text: String)? { (id, part == .prompt ? prompt : response) }
}

extension JudgeExample: TextRow {
    func text(_ part: TextPart) -> (row: String, text: String)? { (id, part == .prompt ? input : target) }
}

extension GeneratedPrompt: TextRow {
    func text(_ part: TextPart) -> (row: String, text: String)? { part == .prompt ? (id, text) : nil }
}

extension Candidate: TextRow {
    func text(_ part: TextPart) -> (row: String, text: String)? { part == .prompt ? (promptID, prompt) : (id, text) }
}

extension PreferencePair: TextRow {
    func text(_ part: TextPart) -> (row: String, text: String)? {
        part == .prompt ? (promptID, prompt) : (chosenID, chosen)
    }
}

extension BestResponse: TextRow {
    func text(_ part: TextPart) -> (row: String, text: String)? {
        part == .prompt ? (promptID, prompt) : (candidateID, response)
    }
}

extension Ranking: TextRow {
    func text(_ part: TextPart) -> (row: String, text: String)? {
        part == .prompt ? (id, prompt) : responses.first.map { ($0.id, $0.text) }
    }
}
