public import Pipeline

/// When the order of a judge's scores agrees with the human ranking. The paper only says that it does (§3.1.1).
public enum RankAgreement: String, ParameterChoice {
    /// Every pair that people ranked apart is scored apart, the same way round.
    case strict
    /// No pair is scored the wrong way round; ties are let pass, unless everything ties: a judge that always says 4
    /// inverts nothing, and would teach just that.
    case noInversion = "no-inversion"

    /// - Parameters:
    ///   - scores: one a response.
    ///   - ranks: the human ranks of the same responses, 0 the best.
    package func holds(scores: [Int], ranks: [Int]) -> Bool {
        precondition(scores.count == ranks.count, "rank agreement: \(scores.count) scores, \(ranks.count) ranks")
        var ordered = 0
        for first in scores.indices {
            for second in scores.indices where ranks[first] < ranks[second] {
                if scores[first] < scores[second] { return false }
                if scores[first] > scores[second] {
                    ordered += 1
                } else if self == .strict {
                    return false
                }
            }
        }
        return ordered > 0
    }
}
