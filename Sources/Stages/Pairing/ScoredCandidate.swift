internal import Model

/// A candidate that can be paired: it has a response and a score.
struct ScoredCandidate {
    let candidate: Candidate
    /// The mean of the verdicts.
    let score: Double
    /// What the strategy compares: the score, less the penalty for length where there is one.
    let value: Double
    let variance: Double
    /// Of the response.
    let characters: Int

    init(_ candidate: Candidate, score: Double, variance: Double, penalty: Double) {
        self.candidate = candidate
        self.score = score
        self.variance = variance
        characters = candidate.text.count
        value = score - penalty * Double(characters)
    }
}

extension TieBreak {
    /// One of a group of equals.
    /// - Precondition: `group` is not empty.
    func pick(_ group: [ScoredCandidate], _ generator: inout Philox) -> ScoredCandidate {
        switch self {
        case .first: return group[0]
        case .seeded: return group[generator.below(group.count)]
        case .lowestVariance:
            let least = group.map(\.variance).min() ?? 0
            return group.first { $0.variance <= least + PairBuilder.equality } ?? group[0]
        }
    }
}

/// The best and the worst of a prompt's scored candidates, and who is near them.
struct ScoredGroup {
    let members: [ScoredCandidate]
    let best: Double
    let worst: Double

    /// Nil of fewer than two.
    init?(_ members: [ScoredCandidate]) {
        guard members.count >= 2, let best = members.map(\.value).max(), let worst = members.map(\.value).min() else {
            return nil
        }
        self.members = members
        self.best = best
        self.worst = worst
    }

    /// The chosen and the rejected response by the rule, for strategies that give one pair a prompt.
    func choose(_ rule: PairRule, _ generator: inout Philox) -> (chosen: ScoredCandidate, rejected: ScoredCandidate) {
        var top = atLeast(best), bottom = atMost(worst)
        switch rule.strategy {
        case .lengthAware:
            top = atLeast((1 - rule.rho) * best + rule.rho * worst)
            bottom = atMost((1 - rule.rho) * worst + rule.rho * best)
            let shortest = top.map(\.characters).min(), longest = bottom.map(\.characters).max()
            top = top.filter { $0.characters == shortest }
            bottom = bottom.filter { $0.characters == longest }
        case .bestRandom:
            // Every lower response is as likely, however few share the lowest score.
            bottom = members.filter { best - $0.value > PairBuilder.equality }
            let chosen = rule.tieBreak.pick(top, &generator)
            return (chosen, bottom[generator.below(bottom.count)])
        case .bestWorst, .lengthPenalty, .allPairs, .spin:
            break
        }
        let chosen = rule.tieBreak.pick(top, &generator)
        return (chosen, rule.tieBreak.pick(bottom, &generator))
    }

    private func atLeast(_ value: Double) -> [ScoredCandidate] {
        members.filter { value - $0.value <= PairBuilder.equality }
    }

    private func atMost(_ value: Double) -> [ScoredCandidate] {
        members.filter { $0.value - value <= PairBuilder.equality }
    }
}
