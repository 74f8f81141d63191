/// What preference training minimises: a loss over pairs, and perhaps the chosen responses' likelihood beside it.
///
/// loss = mean over pairs of `loss` + `likelihoodWeight` · (mean over chosen tokens of −log p), both means over the
/// whole accumulated batch.
public struct PreferenceObjective: Codable, Sendable, Hashable {
    public var loss = PreferenceLoss.sigmoid
    /// How strongly the policy is held to its reference.
    public var beta = 0.1  // paper §3.1.3
    /// Probability that a pair's label is wrong, for `sigmoid`, `robust` and `exo_pair`.
    public var labelSmoothing = 0.0
    /// SimPO's γ: the margin per token that it asks for.
    public var targetMargin = 0.5  // TRL's simpo_gamma
    /// Weight of the negative log-likelihood of the chosen responses.
    public var likelihoodWeight = 0.0

    /// τ of DiscoPOP (Lu et al. 2024).
    static let discopopTemperature = 0.05

    public init(
        loss: PreferenceLoss = .sigmoid, beta: Double = 0.1, labelSmoothing: Double = 0, targetMargin: Double = 0.5,
        likelihoodWeight: Double = 0
    ) {
        self.loss = loss
        self.beta = beta
        self.labelSmoothing = labelSmoothing
        self.targetMargin = targetMargin
        self.likelihoodWeight = likelihoodWeight
    }

    /// - Throws: `ModelError.configuration` naming the field that cannot be.
    public func validate() throws(ModelError) {
        func require(_ condition: Bool, _ field: String, _ problem: String) throws(ModelError) {
            if !condition { throw .configuration(field: field, problem: problem) }
        }
        try require(beta.isFinite && beta > 0, "beta", "is \(beta); it must be positive")
        try require(
            labelSmoothing >= 0 && labelSmoothing < 0.5, "labelSmoothing", "is \(labelSmoothing), outside 0 ..< 0.5")
        try require(
            loss != .exoPair || labelSmoothing > 0, "labelSmoothing", "is 0; exo_pair takes its logarithm")
        try require(targetMargin.isFinite, "targetMargin", "is \(targetMargin)")
        try require(
            likelihoodWeight.isFinite && likelihoodWeight >= 0, "likelihoodWeight", "is \(likelihoodWeight)")
    }
}

/// Sums of one optimiser step's pairs, from which TRL's metrics are means.
struct PreferenceTally {
    private var pairs = 0
    private var loss = 0.0
    private var chosenReward = 0.0, rejectedReward = 0.0, accurate = 0
    private var chosenLogProbability = 0.0, rejectedLogProbability = 0.0
    private var chosenTokens = 0, rejectedTokens = 0

    mutating func add(_ pair: PairLogProbabilities, loss: Double, beta: Double) {
        pairs += 1
        self.loss += loss
        let chosen = beta * pair.chosenLogRatio, rejected = beta * pair.rejectedLogRatio
        chosenReward += chosen
        rejectedReward += rejected
        // Strict: a tie, as at the first step, is not a success.
        if chosen > rejected { accurate += 1 }
        chosenLogProbability += pair.policyChosen
        rejectedLogProbability += pair.policyRejected
        chosenTokens += pair.chosenTokens
        rejectedTokens += pair.rejectedTokens
    }

    /// Means over the pairs under TRL's names, and over all tokens of the chosen or the rejected responses; `loss` is the
    /// pairs' share alone.
    var metrics: [String: Double] {
        let count = Double(max(pairs, 1))
        return [
            "loss": loss / count,
            "rewards/chosen": chosenReward / count,
            "rewards/rejected": rejectedReward / count,
            "rewards/margins": (chosenReward - rejectedReward) / count,
            "rewards/accuracies": Double(accurate) / count,
            "logps/chosen": chosenLogProbability / count,
            "logps/rejected": rejectedLogProbability / count,
            "logps/chosen_per_token": chosenLogProbability / Double(max(chosenTokens, 1)),
            "logps/rejected_per_token": rejectedLogProbability / Double(max(rejectedTokens, 1)),
            "lengths/chosen": Double(chosenTokens) / count,
            "lengths/rejected": Double(rejectedTokens) / count,
        ]
    }
}
