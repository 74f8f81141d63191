public import Artifacts

/// How likely the reference model finds the two responses of a pair: DPO's π_ref, computed once.
public struct ReferenceLogProbabilities: Record, Equatable {
    public static let schema = RecordSchema("reference-logp", version: 1)

    enum CodingKeys: String, CodingKey {
        case id, chosen, rejected, chosenTokens = "chosen_tokens", rejectedTokens = "rejected_tokens"
    }

    /// The id of the pair.
    public let id: String
    /// Log-probability of the chosen response given the prompt, in nats, summed over its tokens.
    public let chosen: Double
    public let rejected: Double
    public let chosenTokens: Int
    public let rejectedTokens: Int

    package init(pair: String, chosen: Double, rejected: Double, chosenTokens: Int, rejectedTokens: Int) {
        id = pair
        self.chosen = chosen
        self.rejected = rejected
        self.chosenTokens = chosenTokens
        self.rejectedTokens = rejectedTokens
    }
}
