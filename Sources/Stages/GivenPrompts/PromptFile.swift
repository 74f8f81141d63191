internal import Artifacts
package import Foundation

/// A prompt that somebody gives, perhaps with a model's response to it.
package struct GivenPrompt: Equatable, Sendable {
    package let text: String
    /// Where it is from, such as `koala`.
    package var dataset: String?
    package var response: String?
    /// Whose response it is.
    package var generator: String?

    package init(text: String, dataset: String? = nil, response: String? = nil, generator: String? = nil) {
        self.text = text
        self.dataset = dataset
        self.response = response
        self.generator = generator
    }
}

/// Reads prompts from a JSON list or JSON lines, plain or compressed: AlpacaEval's `{instruction, output, generator,
/// dataset}`, Alpaca's `{instruction, input, output}`, `{prompt, response}`, `{question}`, `{text}`, lists of `messages`,
/// and Open Assistant's conversation trees. What was said after the first turn is left aside.
package enum PromptFile {
    /// Where the text of a prompt is looked for, in this order.
    private static let texts = ["instruction", "prompt", "messages", "conversations", "question", "text"]
    private static let responses = ["output", "response", "completion"]

    /// - Parameter name: what errors call the file.
    /// - Throws: `StageError` with the file and the row.
    package static func read(_ file: URL, name: String) throws -> [GivenPrompt] {
        let prompts = try JSONRows.read(file, name: name).map(prompt)
        guard !prompts.isEmpty else {
            throw StageError.unreadable(file: name, problem: "holds no rows; give a file of prompts")
        }
        return prompts
    }

    private static func prompt(_ row: RowReader) throws -> GivenPrompt {
        func has(_ key: String) -> Bool { row.value[key] != nil && row.value[key] != .null }
        if has("message_id"), !has("prompt") {
            throw row.failure("is one message of a conversation; give whole trees, or let 'seed-prep' read the file")
        }
        guard let key = texts.first(where: has) else {
            throw row.failure("has no prompt: there is none of \(texts.map { "'\($0)'" }.joined(separator: ", "))")
        }
        let text = try text(key, of: row)
        guard !text.allSatisfy(\.isWhitespace) else { throw row.failure("'\(key)' is empty") }
        return GivenPrompt(
            text: text, dataset: try row.optionalString("dataset"),
            response: try responses.first(where: has).flatMap(row.optionalString),
            generator: try row.optionalString("generator"))
    }

    private static func text(_ key: String, of row: RowReader) throws -> String {
        switch (key, row.value[key]) {
        case ("instruction", _):
            let instruction = try row.string(key), input = try row.optionalString("input") ?? ""
            return input.allSatisfy(\.isWhitespace) ? instruction : instruction + "\n\n" + input
        // The first message of a conversation tree.
        case ("prompt", .object): return try row.inner(row.value[key] ?? .null).string("text")
        case ("prompt", _), ("messages", _), ("conversations", _):
            return try row.dialogue(key).opening(row, key)
        default: return try row.string(key)
        }
    }
}
