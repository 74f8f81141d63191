package import Model
public import Pipeline

/// How to choose among candidates that share the best (or the worst) mean score. The paper does not say.
public enum TieBreak: String, ParameterChoice {
    /// The one sampled first.
    case first
    /// A random one, by the run's seed.
    case seeded
    /// The one whose verdicts vary least; the first of these.
    case lowestVariance = "lowest-variance"
}

/// Forms preference pairs: for each prompt the response with the highest mean score against the one with the lowest
/// (paper §2.3).
///
/// A candidate without a score, or without a response, is neither chosen nor rejected, and no stand-in is made for it.
/// Prompts come out in the order of their first candidate.
package struct PairBuilder {
    package enum Reason: String, CaseIterable {
        case paired
        /// Fewer than two candidates have a response and a score.
        case tooFewScored = "too-few-scored"
        /// The best score is also the worst.
        case equalScores = "equal-scores"
        /// The chosen and the rejected response are the same text.
        case identicalTexts = "identical-texts"
    }

    package struct Result {
        package fileprivate(set) var pairs: [PreferencePair] = []
        /// One entry a prompt.
        package fileprivate(set) var ledger: [LedgerEntry] = []
    }

    private struct Scored {
        let candidate: Candidate
        let score: Double
        let variance: Double
    }

    /// Two means closer than this are equal. Sums of the same verdicts in another order may differ by a rounding; real
    /// differences of averaged scores are at least 1/(6·samples) apart.
    package static let equality = 1e-9

    private let tieBreak: TieBreak
    private let generator: (_ promptID: String) -> Philox

    /// - Parameter generator: the random numbers for a prompt; used by `.seeded` only.
    package init(tieBreak: TieBreak, generator: @escaping (_ promptID: String) -> Philox) {
        self.tieBreak = tieBreak
        self.generator = generator
    }

    /// - Throws: `StageError.duplicateJudgement` when a candidate has several.
    package func pairs(candidates: [Candidate], judgements: [Judgement]) throws -> Result {
        var judgementOf: [String: Judgement] = [:]
        for judgement in judgements {
            guard judgementOf.updateValue(judgement, forKey: judgement.candidateID) == nil else {
                throw StageError.duplicateJudgement(candidate: judgement.candidateID)
            }
        }
        var result = Result()
        for group in candidates.grouped(by: \.promptID) {
            settle(prompt: group.key, candidates: group.elements, judgementOf, into: &result)
        }
        return result
    }

    private func settle(
        prompt: String, candidates: [Candidate], _ judgementOf: [String: Judgement], into result: inout Result
    ) {
        let scored = candidates.compactMap { candidate -> Scored? in
            guard !candidate.isMissing, let judgement = judgementOf[candidate.id], let score = judgement.score else {
                return nil
            }
            return Scored(candidate: candidate, score: score, variance: judgement.variance ?? 0)
        }
        func drop(_ reason: Reason, _ detail: String) {
            result.ledger.append(LedgerEntry(item: prompt, decision: .dropped, reason: reason, detail: detail))
        }
        guard let best = scored.map(\.score).max(), let worst = scored.map(\.score).min(), scored.count >= 2 else {
            return drop(
                .tooFewScored, "\(scored.count) of \(candidates.count) candidates have a response and a score")
        }
        guard best - worst > Self.equality else {
            return drop(.equalScores, "all \(scored.count) scored candidates have \(best)")
        }
        var generator = generator(prompt)
        let chosen = pick(scored.filter { best - $0.score <= Self.equality }, &generator)
        let rejected = pick(scored.filter { $0.score - worst <= Self.equality }, &generator)
        guard chosen.candidate.text != rejected.candidate.text else {
            return drop(.identicalTexts, "scored \(chosen.score) and \(rejected.score)")
        }
        result.pairs.append(
            PreferencePair(
                chosen: chosen.candidate, score: chosen.score, rejected: rejected.candidate, score: rejected.score))
        result.ledger.append(
            LedgerEntry(
                item: prompt, decision: .kept, reason: Reason.paired,
                detail: "\(chosen.score) against \(rejected.score)"))
    }

    /// - Precondition: `group` is not empty.
    private func pick(_ group: [Scored], _ generator: inout Philox) -> Scored {
        switch tieBreak {
        case .first: return group[0]
        case .seeded: return group[generator.below(group.count)]
        case .lowestVariance:
            let least = group.map(\.variance).min() ?? 0
            return group.first { $0.variance <= least + Self.equality } ?? group[0]
        }
    }
}

extension Sequence {
    /// The elements by key, keys in the order of first appearance, elements in theirs.
    func grouped<Key: Hashable>(by key: (Element) -> Key) -> [(key: Key, elements: [Element])] {
        var places: [Key: Int] = [:]
        var groups: [(key: Key, elements: [Element])] = []
        for element in self {
            let name = key(element)
            if let place = places[name] {
                groups[place].elements.append(element)
            } else {
                places[name] = groups.count
                groups.append((key: name, elements: [element]))
            }
        }
        return groups
    }
}
