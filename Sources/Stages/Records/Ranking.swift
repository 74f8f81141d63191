public import Artifacts

/// An instruction with several replies that people ranked (paper §3.1.1, EFT).
public struct Ranking: Record, Equatable {
    public static let schema = RecordSchema("ranking", version: 1)

    public struct Response: Codable, Sendable, Equatable {
        /// The message it was taken from.
        public let id: String
        public let text: String
        /// 0 is the best. Ranks need not be contiguous, so only their order means anything.
        public let rank: Int

        package init(id: String, text: String, rank: Int) {
            self.id = id
            self.text = text
            self.rank = rank
        }
    }

    public let id: String
    public let tree: String
    public let prompt: String
    /// Best first.
    public let responses: [Response]

    package init(tree: String, prompt: String, responses: [Response]) {
        id = RecordID.derive(
            Self.schema.name,
            [
                .string(tree), .string(prompt),
                .array(responses.map { .array([.string($0.id), .string($0.text), .integer(Int64($0.rank))]) }),
            ])
        self.tree = tree
        self.prompt = prompt
        self.responses = responses
    }
}
