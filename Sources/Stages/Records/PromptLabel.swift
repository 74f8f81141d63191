public import Artifacts

/// What a judge finds a prompt to be in one respect: its category, its complexity, the length that its response should
/// have (paper §3.2.1, A.6).
public struct PromptLabel: Record, Equatable {
    public static let schema = RecordSchema("prompt-label", version: 1)

    enum CodingKeys: String, CodingKey {
        case id, promptID = "prompt_id", aspect, value, position, raw, finish, reason
    }

    public let id: String
    public let promptID: String
    /// The respect: `category`.
    public let aspect: String
    /// One of the rubric's values; nil where none can be read.
    public let value: String?
    /// Its place among them, from 0.
    public let position: Int?
    /// The reply as generated; empty where the likeliest label was taken instead.
    public let raw: String
    public let finish: Finish
    /// Why there is no value.
    public let reason: UnparsableReason?

    package init(
        promptID: String, aspect: String, value: (name: String, position: Int)?, raw: String, finish: Finish,
        reason: UnparsableReason?
    ) {
        id = RecordID.derive(
            Self.schema.name, [.string(promptID), .string(aspect), .string(value?.name ?? ""), .string(raw)])
        self.promptID = promptID
        self.aspect = aspect
        self.value = value?.name
        position = value?.position
        self.raw = raw
        self.finish = finish
        self.reason = value == nil ? reason : nil
    }
}
