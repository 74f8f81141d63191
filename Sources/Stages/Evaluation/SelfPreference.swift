/// Whether a judge likes its own responses better than a second judge does.
///
/// That a judge scores its own responses higher may be because they are better; that a second judge of the same responses
/// sees less of a difference is what is measured.
package struct SelfPreference {
    /// Scores of one response by both judges.
    package struct Scores: Sendable {
        let judge: Double
        let second: Double

        package init(judge: Double, second: Double) {
            self.judge = judge
            self.second = second
        }
    }

    /// The responses to one prompt that both judges scored.
    package struct Item: Sendable {
        /// Of the judge's own model.
        let own: [Scores]
        let other: [Scores]

        package init(own: [Scores], other: [Scores]) {
            self.own = own
            self.other = other
        }

        var isComplete: Bool { !own.isEmpty && !other.isEmpty }

        /// How much higher the own responses are scored, in the mean.
        func gap(_ score: (Scores) -> Double) -> RatioSample {
            guard let own = mean(own.map(score)), let other = mean(other.map(score)) else {
                return RatioSample(mean: nil)
            }
            return RatioSample(mean: own - other)
        }

        /// In how many of the pairs the own response has the higher score; equal ones count one half.
        func preferred(_ score: (Scores) -> Double) -> RatioSample {
            let differences = own.flatMap { own in other.map { score(own) - score($0) } }
            let credits = differences.map { abs($0) <= PairBuilder.equality ? 0.5 : $0 > 0 ? 1 : 0 }
            return RatioSample(credits.reduce(0, +), of: Double(credits.count))
        }
    }

    private let items: [Item]
    private let permutations: Int
    private let estimator: Estimator

    package init(_ items: [Item], permutations: Int = 10_000, estimator: Estimator) {
        self.items = items.filter(\.isComplete)
        self.permutations = permutations
        self.estimator = estimator
    }

    package var measurements: [Measurement] {
        let gaps = compared("own_score_gap", "mean score of own responses less that of others", within: nil) {
            $0.gap($1)
        }
        let shares = compared(
            "own_preferred", "share of pairs whose own response scores higher, ties one half", within: 0...1
        ) { $0.preferred($1) }
        return gaps + shares
    }

    /// A number of the judge, the same of the second judge, and how much more the judge has.
    private func compared(
        _ name: String, _ note: String, within bounds: ClosedRange<Double>?,
        _ sample: (Item, (Scores) -> Double) -> RatioSample
    ) -> [Measurement] {
        let ofJudge = items.map { sample($0, \.judge) }, ofSecond = items.map { sample($0, \.second) }
        return [
            estimator.ratio(name, ofJudge, within: bounds, note + ", by the judge"),
            estimator.ratio(name + "_second", ofSecond, within: bounds, note + ", by the second judge"),
        ]
            + estimator.change(
                "self_preference/\(name)", PairedSamples(ofSecond, ofJudge), within: bounds,
                permutations: permutations,
                "\(name) less that of the second judge, over the same responses")
    }
}
