/// A number about how well scores agree with human rankings, as what each instruction adds to it.
package struct JudgeMetric: Sendable {
    package let name: String
    /// The convention, in words.
    let note: String
    /// What an instruction can have at least and at most.
    let bounds: ClosedRange<Double>
    let sample: @Sendable (RankedItem) -> RatioSample

    package init(
        _ name: String, _ note: String, within bounds: ClosedRange<Double> = 0...1,
        sample: @escaping @Sendable (RankedItem) -> RatioSample
    ) {
        self.name = name
        self.note = note
        self.bounds = bounds
        self.sample = sample
    }

    /// The five of the paper's Table 4, pairwise accuracy in both conventions, and Pearson's r: what judges are compared by.
    /// - Parameter perfectScore: the best that the rubric gives; nil for scores without one, which have no 5-best.
    static func headline(perfectScore: Int?) -> [JudgeMetric] {
        [pairwiseAccuracy, pairwiseAccuracyTieHalf] + (perfectScore.map { [best($0)] } ?? [])
            + [exactMatch, spearman, kendall, pearson]
    }

    // MARK: Pairs

    static let pairwiseAccuracy = pairwise(
        "pairwise_accuracy", "pairs ordered as they are ranked; ties and unscored count as disagreement"
    ) { $0 == .agrees ? 1 : 0 }

    static let pairwiseAccuracyTieHalf = pairwise(
        "pairwise_accuracy_tie_half", "as pairwise_accuracy, ties and unscored count one half"
    ) { credit($0) }

    static let pairsTied = pairwise("pairs_tied", "share of pairs with equal scores") { $0 == .tied ? 1 : 0 }

    static let pairsUnscored = pairwise("pairs_unscored", "share of pairs with an unscored response") {
        $0 == .unscored ? 1 : 0
    }

    /// Ties and unscored as one half.
    static func credit(_ agreement: RankedItem.Agreement) -> Double {
        switch agreement {
        case .agrees: 1
        case .tied, .unscored: 0.5
        case .disagrees: 0
        }
    }

    private static func pairwise(
        _ name: String, _ note: String, credit: @escaping @Sendable (RankedItem.Agreement) -> Double
    ) -> JudgeMetric {
        JudgeMetric(name, note) { item in
            let pairs = item.pairs
            return RatioSample(pairs.reduce(0) { $0 + credit($1) }, of: Double(pairs.count))
        }
    }

    static let exactMatch = JudgeMetric(
        "exact_match", "instructions whose whole order agrees; a tie or an unscored response does not"
    ) {
        let pairs = $0.pairs
        // Nothing to agree on, nothing to count.
        if pairs.isEmpty { return RatioSample(0, of: 0) }
        return RatioSample(pairs.allSatisfy { $0 == .agrees } ? 1 : 0, of: 1)
    }

    // MARK: Responses given a perfect score

    static func best(_ perfectScore: Int) -> JudgeMetric {
        JudgeMetric(
            "five_best", "of responses with a mean score of \(perfectScore), the share that is ranked first"
        ) { item in
            let perfect = item.responses.filter { isPerfect($0.score, perfectScore) }
            return RatioSample(Double(perfect.count { isBest($0, in: item) }), of: Double(perfect.count))
        }
    }

    static func bestPerSample(_ perfectScore: Int) -> JudgeMetric {
        JudgeMetric("five_best_per_sample", "as five_best, for each single verdict of \(perfectScore)") { item in
            var hits = 0, count = 0
            for response in item.responses {
                let perfect = response.samples.count { isPerfect($0, perfectScore) }
                count += perfect
                hits += isBest(response, in: item) ? perfect : 0
            }
            return RatioSample(Double(hits), of: Double(count))
        }
    }

    private static func isPerfect(_ score: Double?, _ perfectScore: Int) -> Bool {
        score.map { abs($0 - Double(perfectScore)) <= PairBuilder.equality } ?? false
    }

    private static func isBest(_ response: RankedItem.Response, in item: RankedItem) -> Bool {
        item.responses.allSatisfy { response.rank <= $0.rank }
    }

    // MARK: Correlations

    static let spearman = correlation("spearman", RankCorrelation.spearman)
    static let kendall = correlation("kendall_tau_b", RankCorrelation.kendallTauB)
    /// The rank is taken as a place from 0 to 1, so that equal steps between ranks are equal steps of preference.
    static let pearson = correlation("pearson", RankCorrelation.pearson)

    private static func correlation(
        _ name: String, _ coefficient: @escaping @Sendable ([Double], [Double]) -> Double?
    ) -> JudgeMetric {
        JudgeMetric(
            name, "per instruction over its scored responses, then averaged over those where it is defined",
            within: -1...1
        ) { item in
            RatioSample(mean: item.correlation(coefficient))
        }
    }
}
