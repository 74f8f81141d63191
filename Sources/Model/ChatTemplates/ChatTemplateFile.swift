import Foundation

extension ChatTemplate {
    /// Where `tokenizer_config.json` keeps a template that its Jinja text alone would not be recognised as.
    static let ownKey = "pipeline_chat_template"

    /// The template as `tokenizer_config.json` keeps it, keys sorted.
    var json: JSONNode {
        func turn(_ turn: Turn) -> JSONNode {
            .object([JSONMember("prefix", .string(turn.prefix)), JSONMember("suffix", .string(turn.suffix))])
        }
        return .object([
            JSONMember("alternates", .bool(alternates)),
            JSONMember("assistant", turn(assistant)),
            JSONMember("beginning", .string(beginning)),
            JSONMember("defaultSystem", defaultSystem.map { .string($0) } ?? .null),
            JSONMember("endOfTurn", .array(endOfTurn.map { .string($0) })),
            JSONMember("generationHeader", .string(generationHeader)),
            JSONMember("name", .string(name)),
            JSONMember("system", turn(system)),
            JSONMember("systemPlacement", .string(systemPlacement.rawValue)),
            JSONMember("trimsContent", .bool(trimsContent)),
            JSONMember("user", turn(user)),
        ])
    }

    /// A template as `tokenizer_config.json` keeps it.
    init(_ node: JSONNode, name file: String) throws(ModelError) {
        do {
            self = try JSONDecoder().decode(ChatTemplate.self, from: Data(node.encoded(.compact)))
        } catch {
            throw .file(name: file, problem: "'\(Self.ownKey)' is not a chat template")
        }
    }
}
