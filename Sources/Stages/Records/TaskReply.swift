public import Artifacts

/// What a model wrote when asked for more tasks, whole: each generated prompt is a piece of one.
public struct TaskReply: Record, Equatable {
    public static let schema = RecordSchema("task-reply", version: 2)

    public let id: String
    public let round: Int
    public let request: Int
    /// Ids of the demonstrations, in the order shown.
    public let demonstrations: [String]
    /// The continuation alone, without the prompt.
    public let text: String
    public let tokens: Int
    public let finish: Finish

    package init(
        round: Int, request: Int, demonstrations: [String], text: String, tokens: Int, finish: Finish
    ) {
        id = RecordID.derive(
            Self.schema.name,
            [
                .integer(Int64(round)), .integer(Int64(request)), .array(demonstrations.map(JSONValue.string)),
                .string(text),
            ])
        self.round = round
        self.request = request
        self.demonstrations = demonstrations
        self.text = text
        self.tokens = tokens
        self.finish = finish
    }
}
