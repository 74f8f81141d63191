package import Model

/// Forms preference pairs: for each prompt, by default, the response with the highest mean score against the one with the
/// lowest (paper §2.3).
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
        /// The scores differ by less than the margin.
        case belowMargin = "below-margin"
        /// The chosen and the rejected response are the same text.
        case identicalTexts = "identical-texts"
        /// The prompt has as many pairs as it may have.
        case overLimit = "over-limit"
        /// SPIN: no seed example has this prompt.
        case noSeedResponse = "no-seed-response"
        /// SPIN: the model was ended before it wrote anything.
        case noResponse = "no-response"
    }

    package struct Result {
        package internal(set) var pairs: [PreferencePair] = []
        /// One entry a prompt; for strategies that can give several pairs a prompt, one for each two responses.
        package internal(set) var ledger: [LedgerEntry] = []

        mutating func drop(_ prompt: String, _ reason: Reason, _ detail: String) {
            ledger.append(LedgerEntry(item: prompt, decision: .dropped, reason: reason, detail: detail))
        }

        mutating func keep(_ pair: PreferencePair, _ detail: String) {
            pairs.append(pair)
            ledger.append(LedgerEntry(item: pair.promptID, decision: .kept, reason: Reason.paired, detail: detail))
        }
    }

    /// Two means closer than this are equal. Sums of the same verdicts in another order may differ by a rounding; real
    /// differences of averaged scores are at least 1/(6·samples) apart.
    package static let equality = 1e-9

    let rule: PairRule
    let generator: (_ promptID: String) -> Philox

    /// - Parameter generator: the random numbers for a prompt.
    package init(_ rule: PairRule, generator: @escaping (_ promptID: String) -> Philox) {
        self.rule = rule
        self.generator = generator
    }

    /// - Throws: `StageError.duplicateJudgement` when a candidate has several.
    package func pairs(candidates: [Candidate], judgements: [Judgement]) throws -> Result {
        let judgementOf = try judgements.byCandidate()
        var result = Result()
        for group in candidates.grouped(by: \.promptID) {
            settle(prompt: group.key, candidates: group.elements, judgementOf, into: &result)
        }
        return result
    }

    private func settle(
        prompt: String, candidates: [Candidate], _ judgementOf: [String: Judgement], into result: inout Result
    ) {
        let scored = candidates.compactMap { candidate -> ScoredCandidate? in
            guard !candidate.isMissing, let judgement = judgementOf[candidate.id], let score = judgement.score else {
                return nil
            }
            return ScoredCandidate(
                candidate, score: score, variance: judgement.variance ?? 0, penalty: rule.lengthPenalty)
        }
        guard let group = ScoredGroup(scored) else {
            return result.drop(
                prompt, .tooFewScored, "\(scored.count) of \(candidates.count) candidates have a response and a score"
            )
        }
        guard group.best - group.worst > Self.equality else {
            return result.drop(prompt, .equalScores, "all \(scored.count) scored candidates have \(group.best)")
        }
        var generator = generator(prompt)
        if rule.strategy == .allPairs { return settleAll(group, prompt, &generator, into: &result) }
        let (chosen, rejected) = group.choose(rule, &generator)
        var detail = "\(chosen.score) against \(rejected.score)"
        if rule.strategy == .lengthAware || rule.strategy == .lengthPenalty {
            detail += ", \(chosen.characters) and \(rejected.characters) characters"
        }
        if let reason = objection(chosen, rejected) {
            // What the paper's rule says of such a pair stays as it was.
            let scores = reason == .identicalTexts ? "scored \(chosen.score) and \(rejected.score)" : detail
            return result.drop(prompt, reason, scores)
        }
        result.keep(pair(chosen, rejected), detail)
    }

    /// Every two responses, the better one chosen; where there are too many, those furthest apart.
    private func settleAll(
        _ group: ScoredGroup, _ prompt: String, _ generator: inout Philox, into result: inout Result
    ) {
        var allowed: [(chosen: ScoredCandidate, rejected: ScoredCandidate)] = []
        for (place, first) in group.members.enumerated() {
            for second in group.members[(place + 1)...] {
                let (better, worse) = first.value >= second.value ? (first, second) : (second, first)
                if let reason = objection(better, worse) {
                    result.drop(prompt, reason, detail(better, worse))
                } else {
                    allowed.append((better, worse))
                }
            }
        }
        let drawn = rule.tieBreak == .seeded ? generator.shuffled(Array(allowed.indices)) : Array(allowed.indices)
        let gap = { (index: Int) in allowed[index].chosen.value - allowed[index].rejected.value }
        // A stable order: of equally distant ones those drawn first.
        let widest = drawn.enumerated().sorted { (gap($1.element), $0.offset) < (gap($0.element), $1.offset) }
        let kept = Set(widest.prefix(rule.maximumPairs ?? allowed.count).map(\.element))
        for (index, two) in allowed.enumerated() {
            if kept.contains(index) {
                result.keep(pair(two.chosen, two.rejected), detail(two.chosen, two.rejected))
            } else {
                result.drop(prompt, .overLimit, detail(two.chosen, two.rejected))
            }
        }
    }

    /// Why two responses make no pair.
    private func objection(_ chosen: ScoredCandidate, _ rejected: ScoredCandidate) -> Reason? {
        let gap = chosen.value - rejected.value
        if gap <= Self.equality { return .equalScores }
        if gap < rule.margin - Self.equality { return .belowMargin }
        return chosen.candidate.text == rejected.candidate.text ? .identicalTexts : nil
    }

    private func pair(_ chosen: ScoredCandidate, _ rejected: ScoredCandidate) -> PreferencePair {
        PreferencePair(
            chosen: chosen.candidate, score: chosen.score, rejected: rejected.candidate, score: rejected.score)
    }

    private func detail(_ chosen: ScoredCandidate, _ rejected: ScoredCandidate) -> String {
        "\(chosen.score) against \(rejected.score), responses \(chosen.candidate.index) and \(rejected.candidate.index)"
    }
}

extension Sequence<Judgement> {
    /// - Throws: `StageError.duplicateJudgement` when a candidate has several.
    func byCandidate() throws -> [String: Judgement] {
        var judgementOf: [String: Judgement] = [:]
        for judgement in self {
            guard judgementOf.updateValue(judgement, forKey: judgement.candidateID) == nil else {
                throw StageError.duplicateJudgement(candidate: judgement.candidateID)
            }
        }
        return judgementOf
    }
}

extension Sequence {
    /// The elements by key, keys in the order of first appearance, elements in theirs.
    package func grouped<Key: Hashable>(by key: (Element) -> Key) -> [(key: Key, elements: [Element])] {
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
