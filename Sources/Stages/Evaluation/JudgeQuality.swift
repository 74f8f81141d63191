package import Model

/// How well a model's scores agree with human rankings: the five numbers of the paper's Table 4, with counts and
/// intervals.
package struct JudgeQuality {
    private let items: [RankedItem]
    /// The best score that the rubric gives.
    private let perfectScore: Int
    private let bootstrap: Bootstrap
    private let generator: (_ measurement: String) -> Philox

    /// - Parameter generator: the random numbers for the interval of a measurement.
    package init(
        _ items: [RankedItem], perfectScore: Int = ScoreForm.additive.scale.upperBound,
        bootstrap: Bootstrap = Bootstrap(),
        generator: @escaping (_ measurement: String) -> Philox
    ) {
        self.items = items
        self.perfectScore = perfectScore
        self.bootstrap = bootstrap
        self.generator = generator
    }

    package var measurements: [Measurement] {
        pairwise + best + [
            measure("exact_match", "instructions whose whole order agrees; a tie or an unscored response does not") {
                let pairs = $0.pairs
                // Nothing to agree on, nothing to count.
                if pairs.isEmpty { return RatioSample(0, of: 0) }
                return RatioSample(pairs.allSatisfy { $0 == .agrees } ? 1 : 0, of: 1)
            },
            correlation("spearman", RankCorrelation.spearman),
            correlation("kendall_tau_b", RankCorrelation.kendallTauB),
            Measurement(
                name: "instructions_without_correlation",
                value: Double(items.count { correlation(of: $0, RankCorrelation.kendallTauB) == nil }),
                count: items.count, note: "fewer than two scored responses, or all their scores tie"),
        ]
    }

    // MARK: Pairs

    private var pairwise: [Measurement] {
        [
            pairwise("pairwise_accuracy", "pairs ordered as they are ranked; ties and unscored count as disagreement")
            {
                $0 == .agrees ? 1 : 0
            },
            pairwise("pairwise_accuracy_tie_half", "as pairwise_accuracy, ties and unscored count one half") {
                switch $0 {
                case .agrees: 1
                case .tied, .unscored: 0.5
                case .disagrees: 0
                }
            },
            pairwise("pairs_tied", "share of pairs with equal scores") { $0 == .tied ? 1 : 0 },
            pairwise("pairs_unscored", "share of pairs with an unscored response") { $0 == .unscored ? 1 : 0 },
        ]
    }

    private func pairwise(
        _ name: String, _ note: String, credit: (RankedItem.Agreement) -> Double
    ) -> Measurement {
        measure(name, note) { item in
            let pairs = item.pairs
            return RatioSample(pairs.reduce(0) { $0 + credit($1) }, of: Double(pairs.count))
        }
    }

    // MARK: Responses given a perfect score

    private var best: [Measurement] {
        [
            measure("five_best", "of responses with a mean score of \(perfectScore), the share that is ranked first")
            {
                item in
                let perfect = item.responses.filter { isPerfect($0.score) }
                return RatioSample(Double(perfect.count { isBest($0, in: item) }), of: Double(perfect.count))
            },
            measure("five_best_per_sample", "as five_best, for each single verdict of \(perfectScore)") { item in
                var hits = 0, count = 0
                for response in item.responses {
                    let perfect = response.samples.count { isPerfect($0) }
                    count += perfect
                    hits += isBest(response, in: item) ? perfect : 0
                }
                return RatioSample(Double(hits), of: Double(count))
            },
        ]
    }

    private func isPerfect(_ score: Double?) -> Bool {
        score.map { abs($0 - Double(perfectScore)) <= PairBuilder.equality } ?? false
    }

    private func isBest(_ response: RankedItem.Response, in item: RankedItem) -> Bool {
        item.responses.allSatisfy { response.rank <= $0.rank }
    }

    // MARK: Correlations

    private func correlation(_ name: String, _ coefficient: ([Double], [Double]) -> Double?) -> Measurement {
        measure(name, "per instruction over its scored responses, then averaged over those where it is defined") {
            item in
            guard let value = correlation(of: item, coefficient) else { return RatioSample(0, of: 0) }
            return RatioSample(value, of: 1)
        }
    }

    /// Positive when high scores go with good ranks.
    private func correlation(of item: RankedItem, _ coefficient: ([Double], [Double]) -> Double?) -> Double? {
        let scored = item.responses.compactMap { response in response.score.map { (-Double(response.rank), $0) } }
        // Means that differ by rounding alone are a tie here too, as they are for pairs.
        return coefficient(scored.map(\.0), scored.map { ($0.1 / PairBuilder.equality).rounded() })
    }

    private func measure(_ name: String, _ note: String, _ sample: (RankedItem) -> RatioSample) -> Measurement {
        let samples = items.map(sample)
        var generator = generator(name)
        return Measurement(
            name: name, value: RatioSample.ratio(samples),
            count: Int(samples.reduce(0) { $0 + $1.denominator }),
            interval: bootstrap.interval(samples, generator: &generator), note: note)
    }
}
