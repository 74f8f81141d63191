internal import Artifacts
package import Foundation

/// Reads seed files: lines of any of the forms of `SeedForm`, mixed as they like.
package enum SeedFileReader {
    /// Adds the rows of a file.
    /// - Parameter name: what errors call the file.
    /// - Throws: `StageError` with file and line.
    package static func read(_ file: URL, name: String, into collector: inout ConversationCollector) throws {
        let lines = try JSONLineReader.read(file, name: name)
        guard !lines.isEmpty else {
            throw StageError.unreadable(file: name, problem: "holds no rows; give a file of conversations")
        }
        collector.open(name)
        for line in lines {
            let row = RowReader(value: line.value, file: name, line: line.number)
            guard let form = SeedForm(line.value) else { throw row.failure(unknownForm(line.value)) }
            collector.count(form)
            let origin = "\(name):\(line.number)"
            switch form {
            case .tree: try OpenAssistantReader.readTree(row, at: origin, into: &collector)
            case .message: try OpenAssistantReader.readMessage(row, at: origin, into: &collector)
            case .thread: try OpenAssistantReader.readThread(row, at: origin, into: &collector)
            case .pair, .alpaca, .conversation, .preference, .scored:
                try collector.add(PlainSeed(row, form: form), at: origin)
            }
        }
    }

    private static func unknownForm(_ row: JSONValue) -> String {
        guard case .object(let members) = row else { return "is \(row.typeName), not an object" }
        let names = members.keys.sorted().prefix(8).map { "'\($0)'" }.joined(separator: ", ")
        return
            "is in no form that is known: it has \(names.isEmpty ? "no members" : names); wanted are a conversation "
            + "tree ('message_tree_id', 'prompt') or message ('message_id'), 'prompt' and 'response', 'instruction' and "
            + "'output', 'messages', 'chosen' and 'rejected', or 'instruction' and 'completions'"
    }
}
