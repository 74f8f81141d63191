import Model
import Stages
import Testing

private func item(_ id: String, ranks: [Int], scores: [Double?], samples: [[Double?]]? = nil) -> RankedItem {
    RankedItem(
        id: id,
        responses: zip(ranks, scores).enumerated().map { index, pair in
            .init(rank: pair.0, score: pair.1, samples: samples?[index] ?? [pair.1])
        })
}

private func measure(_ items: RankedItem...) -> [String: Measurement] {
    let quality = JudgeQuality(items, estimator: .fixed(resamples: 200))
    return Dictionary(uniqueKeysWithValues: quality.measurements.map { ($0.name, $0) })
}

@Suite("The five metrics of a judge")
struct JudgeQualityTests {
    @Test("pairwise accuracy counts ties and unscored as disagreement, and has a variant with halves")
    func pairwise() {
        // a: 3 pairs, all right. b: (0,1) tied, (0,2) right, (1,2) right. c: 1 pair, unscored. d: 1 pair, wrong.
        let found = measure(
            item("a", ranks: [0, 1, 2], scores: [5, 3, 1]), item("b", ranks: [0, 1, 2], scores: [4, 4, 2]),
            item("c", ranks: [0, 1], scores: [4, nil]), item("d", ranks: [1, 0], scores: [4, 2]))
        #expect(found["pairwise_accuracy"]?.value == 5.0 / 8 && found["pairwise_accuracy"]?.count == 8)
        #expect(found["pairwise_accuracy_tie_half"]?.value == 6.0 / 8)
        #expect(found["pairs_tied"]?.value == 1.0 / 8 && found["pairs_unscored"]?.value == 1.0 / 8)
        #expect(found["exact_match"]?.value == 1.0 / 4 && found["exact_match"]?.count == 4)
    }

    @Test("ranks need not be contiguous, and pairs that people tied are not counted")
    func humanTies() {
        let found = measure(item("a", ranks: [2, 7, 7], scores: [5, 1, 3]))
        #expect(found["pairwise_accuracy"]?.value == 1 && found["pairwise_accuracy"]?.count == 2)
        #expect(found["exact_match"]?.value == 1)
    }

    @Test("5-best: of perfect scores the share that is the human best, by mean and by single verdict")
    func fiveBest() {
        // Perfect means: a's best and a's second. Single fives: 3 + 3 for those, 1 for b's worst.
        let found = measure(
            item("a", ranks: [0, 1], scores: [5, 5], samples: [[5, 5, 5], [5, 5, 5]]),
            item("b", ranks: [0, 1], scores: [4, 13.0 / 3], samples: [[4, 4, nil], [4, 4, 5]]))
        #expect(found["five_best"]?.value == 0.5 && found["five_best"]?.count == 2)
        #expect(found["five_best_per_sample"]?.value == 3.0 / 7 && found["five_best_per_sample"]?.count == 7)
    }

    @Test("no perfect score gives no value, not a zero")
    func noFives() {
        let found = measure(item("a", ranks: [0, 1], scores: [4, 3]))
        #expect(
            found["five_best"]?.value == nil && found["five_best"]?.count == 0 && found["five_best"]?.lower == nil)
    }

    @Test("correlations are averaged over the instructions that have one; the others are counted")
    func correlations() {
        // a: 1, b: −1, c: all tied, d: one scored response only.
        let found = measure(
            item("a", ranks: [0, 1], scores: [5, 3]), item("b", ranks: [0, 1], scores: [3, 5]),
            item("c", ranks: [0, 1], scores: [4, 4]), item("d", ranks: [0, 1], scores: [4, nil]))
        for name in ["spearman", "kendall_tau_b"] {
            #expect(found[name]?.value == 0 && found[name]?.count == 2)
        }
        #expect(found["instructions_without_correlation"]?.value == 2)
    }

    @Test("means that differ by rounding alone are a tie for every metric")
    func roundingIsNoOrder() {
        // In doubles (0.1 + 0.2) + 0.3 > (0.3 + 0.2) + 0.1.
        let found = measure(item("a", ranks: [0, 1], scores: [(0.1 + 0.2 + 0.3) / 3, (0.3 + 0.2 + 0.1) / 3]))
        #expect(found["pairs_tied"]?.value == 1 && found["exact_match"]?.value == 0)
        #expect(found["kendall_tau_b"]?.count == 0 && found["spearman"]?.value == nil)
        #expect(found["instructions_without_correlation"]?.value == 1)
    }

    @Test("nothing to measure gives no values")
    func empty() {
        let found = measure()
        #expect(found["pairwise_accuracy"]?.value == nil && found["kendall_tau_b"]?.value == nil)
    }
}

@Suite("Bootstrap intervals")
struct BootstrapTests {
    @Test("a share of 0.5 over 100 items gets the interval of the normal approximation, within the Monte Carlo error")
    func halfShare() throws {
        let samples = (0..<100).map { RatioSample($0.isMultiple(of: 2) ? 1 : 0, of: 1) }
        var generator = Philox(key: 3)
        let interval = try #require(Bootstrap().interval(samples, generator: &generator))
        // 0.5 ± 1.96·√(0.25/100) = 0.402 … 0.598; percentiles of 2000 draws err by about 0.005, steps are 0.01.
        #expect(abs(interval.lower - 0.402) < 0.025 && abs(interval.upper - 0.598) < 0.025)
    }

    /// scipy.stats.binomtest(0, 42).proportion_ci(method="exact").high is 0.08408385; of 5, 0.52182375.
    @Test("items that agree leave open what as many draws may miss: the exact interval of none and of all")
    func agreed() throws {
        var generator = Philox(key: 1)
        func interval(
            _ item: RatioSample, _ count: Int, within bounds: ClosedRange<Double>? = 0...1
        ) -> Interval? {
            Bootstrap().interval(Array(repeating: item, count: count), within: bounds, generator: &generator)
        }
        let none = try #require(interval(RatioSample(0, of: 3), 42))
        let all = try #require(interval(RatioSample(2, of: 2), 42))
        #expect(none.lower == 0 && abs(none.upper - 0.08408385) < 1e-8)
        #expect(all.upper == 1 && abs(all.lower - (1 - 0.08408385)) < 1e-8)
        // Half of each item: others may all be 0, or all 1.
        let half = try #require(interval(RatioSample(1, of: 2), 5))
        #expect(abs(half.lower - 0.5 * (1 - 0.52182375)) < 1e-8 && abs(half.upper - (1 - half.lower)) < 1e-12)
        // Correlations of −1.
        let down = try #require(interval(RatioSample(mean: -1), 5, within: -1...1))
        #expect(down.lower == -1 && abs(down.upper - (-1 + 2 * 0.52182375)) < 1e-8)
        #expect(interval(RatioSample(mean: 7), 5, within: nil) == nil)
        // Correlations that rounding alone keeps from one, or from each other.
        let ranks = (2...9).map { count in (0..<count).map(Double.init) }
        for coefficient in [RankCorrelation.spearman, RankCorrelation.kendallTauB, RankCorrelation.pearson] {
            let perfect = ranks.map { RatioSample(mean: coefficient($0, $0)) }
            let found = try #require(Bootstrap().interval(perfect, within: -1...1, generator: &generator))
            #expect(found.upper == 1 && abs(found.lower - (1 - 2 * 0.36941665)) < 1e-7)
        }
        #expect(interval(RatioSample(mean: 7), 5) == nil, "no share")
    }

    @Test("one item has no interval; the same seed gives the same ends")
    func edges() {
        var first = Philox(key: 1), second = Philox(key: 1)
        #expect(Bootstrap().interval([RatioSample(1, of: 1)], generator: &first) == nil)
        #expect(Bootstrap().interval([RatioSample(1, of: 1), RatioSample(0, of: 0)], generator: &first) == nil)
        let mixed = (0..<9).map { RatioSample(Double($0), of: 9) }
        first = Philox(key: 1)
        #expect(Bootstrap().interval(mixed, generator: &first) == Bootstrap().interval(mixed, generator: &second))
    }
}
