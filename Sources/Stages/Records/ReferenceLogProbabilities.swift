public import Artifacts
public import Model

/// How likely the reference model finds the two responses of a pair: DPO's π_ref, computed once.
public struct ReferenceLogProbabilities: Record, Equatable {
    public static let schema = RecordSchema("reference-logp", version: 2)

    enum CodingKeys: String, CodingKey {
        case id, precision, chosen, rejected, chosenTokens = "chosen_tokens", rejectedTokens = "rejected_tokens"
        case mismatched
    }

    /// How likely the pair's prompt makes the responses of a pair with another prompt: what KTO estimates the
    /// divergence of policy and reference from.
    public struct Mismatched: Codable, Sendable, Equatable {
        enum CodingKeys: String, CodingKey {
            case pair, chosen, rejected, chosenTokens = "chosen_tokens", rejectedTokens = "rejected_tokens"
        }

        /// The id of the pair whose responses they are.
        public let pair: String
        /// Log-probability of its chosen response, in nats, summed over the tokens that were scored.
        public let chosen: Double
        public let rejected: Double
        /// How many tokens of the response were scored: its first ones, where not all fit behind this prompt.
        public let chosenTokens: Int
        public let rejectedTokens: Int

        package init(pair: String, chosen: Double, rejected: Double, chosenTokens: Int, rejectedTokens: Int) {
            self.pair = pair
            self.chosen = chosen
            self.rejected = rejected
            self.chosenTokens = chosenTokens
            self.rejectedTokens = rejectedTokens
        }
    }

    /// The id of the pair.
    public let id: String
    /// Of the reference model's matrix products, which the policy must share.
    public let precision: Precision
    /// Log-probability of the chosen response given the prompt, in nats, summed over its tokens.
    public let chosen: Double
    public let rejected: Double
    public let chosenTokens: Int
    public let rejectedTokens: Int
    /// Nil where it was not asked for.
    public let mismatched: Mismatched?

    package init(
        pair: String, precision: Precision, chosen: Double, rejected: Double, chosenTokens: Int, rejectedTokens: Int,
        mismatched: Mismatched? = nil
    ) {
        id = pair
        self.precision = precision
        self.chosen = chosen
        self.rejected = rejected
        self.chosenTokens = chosenTokens
        self.rejectedTokens = rejectedTokens
        self.mismatched = mismatched
    }

    /// Without `mismatched` where there is none, not with null: rows that were written before it was known are the same
    /// to the byte as those written now, and so are the results that were made of them.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(precision, forKey: .precision)
        try container.encode(chosen, forKey: .chosen)
        try container.encode(rejected, forKey: .rejected)
        try container.encode(chosenTokens, forKey: .chosenTokens)
        try container.encode(rejectedTokens, forKey: .rejectedTokens)
        if let mismatched { try container.encode(mismatched, forKey: .mismatched) }
    }
}
