public import Pipeline

/// When the order of a judge's scores agrees with the human ranking. The paper only says that it does (§3.1.1).
public enum RankAgreement: String, ParameterChoice {
    /// Every pair that people ranked apart is scored apart, the same way round.
    case strict
    /// No pair is scored the wrong way round; ties are let pass, unless everything ties: a judge that always says 4
    /// inverts nothing, and would teach just that.
    case noInversion = "no-inversion"
    /// Pair by pair: a response is kept if it is scored apart from another the way people ranked the two, whatever the
    /// scores of the rest.
    case pairs

    /// The places of the responses whose judgements agree: for `strict` and `noInversion` all of them or none.
    /// - Parameters:
    ///   - scores: one a response; nil where it has none that can be used.
    ///   - ranks: the human ranks of the same responses, 0 the best.
    package func agreeing(scores: [Int?], ranks: [Int]) -> [Int] {
        precondition(scores.count == ranks.count, "rank agreement: \(scores.count) scores, \(ranks.count) ranks")
        guard self == .pairs || !scores.contains(nil) else { return [] }
        var ordered: Set<Int> = []
        for first in scores.indices {
            for second in scores.indices where ranks[first] < ranks[second] {
                guard let better = scores[first], let worse = scores[second] else { continue }
                if better > worse {
                    ordered.formUnion([first, second])
                } else if self == .strict || (self == .noInversion && better < worse) {
                    return []
                }
            }
        }
        guard !ordered.isEmpty else { return [] }
        return self == .pairs ? ordered.sorted() : Array(scores.indices)
    }
}
