public import Pipeline

/// Which of the scored responses to a prompt become pairs.
public enum PairStrategy: String, ParameterChoice {
    /// The highest score against the lowest (paper §2.3).
    case bestWorst = "best-worst"
    /// The shortest response near the best score against the longest near the worst: the ρ rule of Meta-Rewarding (Wu et
    /// al., 2024).
    case lengthAware = "length-aware"
    /// The same as `bestWorst` after each character has cost a part of the score (Online-RLHF's `max_min_p`).
    case lengthPenalty = "length-penalty"
    /// Every two responses whose scores differ.
    case allPairs = "all-pairs"
    /// The highest score against a random other one below it (Online-RLHF's `max_random`).
    case bestRandom = "random-vs-best"
    /// The seed's response against each of the model's own, without a judge (SPIN; Chen et al., 2024).
    case spin
}

/// How to choose among candidates that share the best (or the worst) mean score. The paper does not say.
public enum TieBreak: String, ParameterChoice {
    /// The one sampled first.
    case first
    /// A random one, by the run's seed.
    case seeded
    /// The one whose verdicts vary least; the first of these.
    case lowestVariance = "lowest-variance"
}

/// A strategy with its numbers.
package struct PairRule: Equatable, Sendable {
    package var strategy = PairStrategy.bestWorst
    package var tieBreak = TieBreak.seeded
    /// How far the bands of `lengthAware` reach from the best score towards the worst, and back: 0 ..< 0.5.
    package var rho = 0.0
    /// What a character costs, in points of the score.
    package var lengthPenalty = 0.0
    /// The least difference of the scores of a pair.
    package var margin = 0.0
    /// Of one prompt; nil for all that there are.
    package var maximumPairs: Int?

    package init() {}
}
