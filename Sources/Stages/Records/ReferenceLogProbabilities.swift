public import Artifacts
public import Model

/// How likely the reference model finds the two responses of a pair: DPO's π_ref, computed once.
public struct ReferenceLogProbabilities: Record, Equatable {
    public static let schema = RecordSchema("reference-logp", version: 2)

    enum CodingKeys: String, CodingKey {
        case id, precision, chosen, rejected, chosenTokens = "chosen_tokens", rejectedTokens = "rejected_tokens"
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

    package init(
        pair: String, precision: Precision, chosen: Double, rejected: Double, chosenTokens: Int, rejectedTokens: Int
    ) {
        id = pair
        self.precision = precision
        self.chosen = chosen
        self.rejected = rejected
        self.chosenTokens = chosenTokens
        self.rejectedTokens = rejectedTokens
    }
}
