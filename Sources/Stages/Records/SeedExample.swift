public import Artifacts

/// An instruction and its best human reply: instruction fine-tuning data (paper §2.1, IFT).
public struct SeedExample: Record, Equatable {
    public static let schema = RecordSchema("example", version: 1)

    public let id: String
    /// The conversation tree it was taken from.
    public let tree: String
    public let prompt: String
    public let response: String

    package init(tree: String, prompt: String, response: String) {
        id = RecordID.derive(Self.schema.name, [.string(tree), .string(prompt), .string(response)])
        self.tree = tree
        self.prompt = prompt
        self.response = response
    }
}
