package import Model

/// How far several raters agree on items that each puts into one of a few classes.
package struct RaterAgreement: Sendable {
    /// How often each class was given to an item. Votes that are missing are simply not there.
    private let items: [[Double: Int]]

    /// - Parameter votes: the votes on each item; equal numbers are the same class.
    package init(_ votes: [[Double]]) {
        items = votes.map { votes in votes.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
    }

    /// Of all pairs of votes on one item, the share that are the same. Nil where no item has two votes.
    package var raw: Double? { RatioSample.ratio(items.map(Self.pairs)) }

    /// Krippendorff's α for classes without an order (2011): 1 − observed / expected disagreement. 1 is perfect, 0 what
    /// chance gives with classes as frequent as these. Unlike Fleiss' κ it allows for missing votes, and for few items.
    /// Nil where no item has two votes, or all votes are of one class.
    package var alpha: Double? { Self.alpha(items) }

    private static func alpha(_ items: [[Double: Int]]) -> Double? {
        // Only items with two votes or more can be paired.
        let items = items.filter { $0.values.reduce(0, +) > 1 }
        var totals: [Double: Int] = [:]
        var disagreement = 0.0
        for item in items {
            let votes = item.values.reduce(0, +)
            for count in item.values.sorted() {
                disagreement += Double(count * (votes - count)) / Double(votes - 1)
            }
            totals.merge(item, uniquingKeysWith: +)
        }
        let all = totals.values.reduce(0, +)
        let expected = totals.values.reduce(0) { $0 + $1 * (all - $1) }
        guard expected > 0 else { return nil }
        return 1 - Double(all - 1) * disagreement / Double(expected)
    }

    /// Pairs of votes on an item that are the same, of all its pairs.
    private static func pairs(_ item: [Double: Int]) -> RatioSample {
        func pairs(_ count: Int) -> Int { count * (count - 1) / 2 }
        let votes = item.values.reduce(0, +)
        return RatioSample(Double(item.values.reduce(0) { $0 + pairs($1) }), of: Double(pairs(votes)))
    }

    /// - Parameter generator: gives the bootstrap of a measurement its random numbers.
    package func measurements(
        bootstrap: Bootstrap, generator: (_ measurement: String) -> Philox
    ) -> [Measurement] {
        let compared = items.count { $0.values.reduce(0, +) > 1 }
        var forRaw = generator("rater_agreement"), forAlpha = generator("krippendorff_alpha")
        let alpha = alpha
        let interval = bootstrap.interval(drawnFrom: items.count, generator: &forAlpha) { drawn in
            Self.alpha(drawn.map { items[$0] })
        }
        return [
            Measurement(
                name: "rater_agreement", value: raw, count: compared,
                interval: bootstrap.interval(items.map(Self.pairs), generator: &forRaw),
                note: "of all pairs of votes on one prompt: those that are the same"),
            Measurement(
                name: "krippendorff_alpha", value: alpha, count: compared,
                interval: alpha == nil || compared < 2 ? nil : interval,
                note: alpha == nil
                    ? "agreement beyond chance; it does not exist where all votes are the same, or no prompt has two"
                    : "agreement beyond chance: 1 is perfect, 0 is chance; classes without an order"),
        ]
    }
}
