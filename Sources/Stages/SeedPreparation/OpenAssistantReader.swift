internal import Artifacts
package import Foundation

/// Reads Open Assistant exports: whole trees (`{message_tree_id, tree_state, prompt: {…, replies}}`) or flat messages
/// (`{message_id, parent_id, message_tree_id, …}`), one a line.
///
/// Members that a form lacks count as null. `labels`, `emojis` and all else that selection does not need may have any
/// form.
package enum OpenAssistantReader {
    /// Adds the rows of a file.
    /// - Parameter name: what errors call the file.
    /// - Throws: `StageError` with file and line.
    package static func read(_ file: URL, name: String, into collector: inout ConversationCollector) throws {
        let lines = try JSONLineReader.read(file, name: name)
        guard !lines.isEmpty else {
            throw StageError.unreadable(file: name, problem: "holds no rows; give a file of conversation trees")
        }
        for line in lines {
            let row = RowReader(value: line.value, file: name, line: line.number)
            let origin = "\(name):\(line.number)"
            if line.value["prompt"] != nil {
                try readTree(row, at: origin, into: &collector)
            } else if line.value["message_id"] != nil {
                try collector.add(
                    message(row), tree: row.string("message_tree_id"), state: row.optionalString("tree_state"),
                    at: origin)
            } else {
                throw row.failure(
                    "is neither a conversation tree ('message_tree_id', 'prompt') nor a message ('message_id', 'parent_id')"
                )
            }
        }
    }

    private static func readTree(_ row: RowReader, at origin: String, into collector: inout ConversationCollector)
        throws
    {
        let prompt = RowReader(value: row.value["prompt"] ?? .null, file: row.file, line: row.line)
        guard case .object = prompt.value else {
            throw row.failure("'prompt' must be an object, not \(prompt.value.typeName)")
        }
        let tree = ConversationTree(
            id: try row.string("message_tree_id"), state: try row.optionalString("tree_state"),
            prompt: try message(prompt))
        let replies = try prompt.array("replies").map { value in
            guard case .object = value else { throw row.failure("a reply must be an object, not \(value.typeName)") }
            return try message(RowReader(value: value, file: row.file, line: row.line))
        }
        try collector.add(tree, replies: replies, at: origin)
    }

    private static func message(_ row: RowReader) throws -> SeedMessage {
        SeedMessage(
            id: try row.string("message_id"), parent: try row.optionalString("parent_id"),
            text: try row.string("text"),
            role: try row.string("role"), language: try row.optionalString("lang"),
            isDeleted: try row.optionalBool("deleted") ?? false,
            isSynthetic: try row.optionalBool("synthetic") ?? false,
            passedReview: try row.optionalBool("review_result"), rank: try row.optionalInteger("rank"))
    }
}
