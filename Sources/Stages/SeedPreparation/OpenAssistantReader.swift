internal import Artifacts

/// Reads rows of Open Assistant exports: whole trees (`{message_tree_id, tree_state, prompt: {…, replies}}`), threads
/// (`{thread_id, thread}`), or flat messages (`{message_id, parent_id, message_tree_id, …}`).
///
/// Members that a form lacks count as null. `labels`, `emojis` and all else that selection does not need may have any
/// form.
enum OpenAssistantReader {
    static func readMessage(
        _ row: RowReader, at origin: String, into collector: inout ConversationCollector
    ) throws {
        try collector.add(
            message(row), tree: row.string("message_tree_id"), state: row.optionalString("tree_state"), at: origin)
    }

    /// A path through a tree, from its prompt to a last message. Threads of one tree begin alike.
    static func readThread(
        _ row: RowReader, at origin: String, into collector: inout ConversationCollector
    ) throws {
        let messages = try row.array("thread").map { value -> RowReader in
            guard case .object = value else {
                throw row.failure("a message of 'thread' must be an object, not \(value.typeName)")
            }
            return RowReader(value: value, file: row.file, line: row.line)
        }
        guard let first = messages.first else { throw row.failure("'thread' is empty") }
        let tree = try first.optionalString("message_tree_id") ?? first.string("message_id")
        let state = try row.optionalString("tree_state") ?? first.optionalString("tree_state")
        for (position, reader) in messages.enumerated() {
            var message = try message(reader)
            // A thread may leave out what its order says.
            if position > 0, message.parent == nil {
                message.parent = try messages[position - 1].string("message_id")
            }
            if collector.holds(message.id, of: tree) { continue }
            try collector.add(message, tree: tree, state: state, at: origin)
        }
    }

    static func readTree(
        _ row: RowReader, at origin: String, into collector: inout ConversationCollector
    ) throws {
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
