public import Artifacts

/// A new instruction that a model wrote after eight demonstrations (paper §3.1.3, Self-Instruct).
public struct GeneratedPrompt: Record, Equatable {
    public static let schema = RecordSchema("prompt", version: 1)

    public let id: String
    public let text: String
    /// Ids of the examples and earlier prompts that were shown, in the order shown.
    public let demonstrations: [String]
    /// Requests of one round see the same pool of earlier prompts.
    public let round: Int
    /// The request within the round.
    public let request: Int
    /// The place among the tasks of the reply, from 0.
    public let position: Int

    package init(text: String, demonstrations: [String], round: Int, request: Int, position: Int) {
        id = RecordID.derive(
            Self.schema.name,
            [
                .string(text), .array(demonstrations.map(JSONValue.string)),
                .integer(Int64(round)), .integer(Int64(request)), .integer(Int64(position)),
            ])
        self.text = text
        self.demonstrations = demonstrations
        self.round = round
        self.request = request
        self.position = position
    }
}
