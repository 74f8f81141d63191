internal import Model

extension PairBuilder {
    /// SPIN's pairs (Chen et al., 2024): the seed's response is chosen, each of the model's own to the same prompt
    /// rejected. No judge is asked, so that the pairs have no scores.
    /// - Parameter examples: the seeds; a candidate's prompt is the id of one.
    package func pairs(candidates: [Candidate], examples: [SeedExample]) -> Result {
        let exampleOf = Dictionary(examples.map { ($0.id, $0) }) { first, _ in first }
        var result = Result()
        for group in candidates.grouped(by: \.promptID) {
            guard let example = exampleOf[group.key] else {
                result.drop(group.key, .noSeedResponse, "\(group.elements.count) responses")
                continue
            }
            settle(example, group.elements, into: &result)
        }
        return result
    }

    private func settle(_ example: SeedExample, _ candidates: [Candidate], into result: inout Result) {
        var usable: [Candidate] = []
        for candidate in candidates {
            if candidate.isMissing {
                result.drop(example.id, .noResponse, "response \(candidate.index)")
            } else if candidate.text == example.response {
                result.drop(example.id, .identicalTexts, "response \(candidate.index)")
            } else {
                usable.append(candidate)
            }
        }
        var generator = generator(example.id)
        let drawn = rule.tieBreak == .seeded ? generator.shuffled(Array(usable.indices)) : Array(usable.indices)
        let kept = Set(drawn.prefix(rule.maximumPairs ?? usable.count))
        for (index, candidate) in usable.enumerated() {
            if kept.contains(index) {
                result.keep(PreferencePair(seed: example, rejected: candidate), "response \(candidate.index)")
            } else {
                result.drop(example.id, .overLimit, "response \(candidate.index)")
            }
        }
    }
}
