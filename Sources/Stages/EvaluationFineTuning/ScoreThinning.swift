package import Model

/// Discards some examples with the most common score, so that the scores are not too skewed (paper §3.1.1, where many
/// were 4).
package struct ScoreThinning {
    package enum Reason: String {
        case accepted
        case thinned
    }

    /// The share of all kept examples that the commonest score may have, 0 ... 1.
    package let maximumShare: Double

    package init(maximumShare: Double) { self.maximumShare = maximumShare }

    /// The examples that stay, in their order, and an entry for each example.
    ///
    /// The commonest score is never thinned below the second commonest: it would only change which score is too common.
    /// So if there is but one score, nothing is dropped. Of two equally common scores none is thinned.
    package func thin(
        _ examples: [JudgeExample], generator: inout Philox
    ) -> (kept: [JudgeExample], ledger: [LedgerEntry]) {
        let dropped = thinned(examples.map(\.score), generator: &generator)
        let ledger = examples.enumerated().map { place, example in
            dropped.contains(place)
                ? LedgerEntry(
                    item: example.id, decision: .dropped, reason: Reason.thinned, detail: "score \(example.score)")
                : LedgerEntry(
                    item: example.id, decision: .kept, reason: Reason.accepted, detail: "score \(example.score)")
        }
        return (examples.enumerated().filter { !dropped.contains($0.offset) }.map(\.element), ledger)
    }

    /// The places of what goes, by the score of each.
    package func thinned(_ scores: [Int], generator: inout Philox) -> Set<Int> {
        var places: [Int: [Int]] = [:]
        for (place, score) in scores.enumerated() { places[score, default: []].append(place) }
        let commonest = places.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        guard commonest.count >= 2 else { return [] }
        let (top, next) = (commonest[0], commonest[1])
        let limit = max(allowed(besides: scores.count - top.value.count), next.value.count)
        return top.value.count > limit ? Set(generator.sample(top.value.count - limit, of: top.value)) : []
    }

    /// The most k with k / (k + others) ≤ share.
    private func allowed(besides others: Int) -> Int {
        maximumShare >= 1 ? .max : Int(maximumShare * Double(others) / (1 - maximumShare) + 1e-9)
    }
}
