import Model
import Stages
import Testing

@Suite("Two judges on the same instructions")
struct PairedSamplesTests {
    private func samples(_ values: [Double]) -> [RatioSample] { values.map { RatioSample($0, of: 1) } }

    private func test(_ first: [Double], _ second: [Double], permutations: Int = 10_000) -> Double? {
        var generator = Philox(key: 5)
        return PairedSamples(samples(first), samples(second))
            .randomizationTest(permutations, generator: &generator)
    }

    @Test("few instructions that differ are exchanged in every way")
    func exact() {
        // All three rise: of eight signs two are as far from 0.
        #expect(test([0, 0, 0], [1, 1, 1]) == 0.25)
        // 2 + 2 − 1 = 3: as far are ±(2 + 2 + 1) and ±(2 + 2 − 1).
        #expect(test([0, 0, 1], [2, 2, 0]) == 0.5)
        // The two that are the same count for nothing; one alone cannot show anything.
        #expect(test([0, 1, 1], [1, 1, 1]) == 1)
        #expect(test([0], [1]) == 1)
    }

    @Test("judges that are the same differ by 0 exactly, with p = 1; others might, as often as 50 draws may miss")
    func identical() throws {
        let values = (0..<50).map { Double($0) / 7 }
        let pair = PairedSamples(samples(values), samples(values))
        var generator = Philox(key: 1)
        #expect(pair.difference == 0 && pair.differing == 0 && pair.instructions == 50)
        // scipy.stats.binomtest(0, 50).proportion_ci(method="exact").high, of differences from −8 to 8.
        let interval = try #require(pair.interval(Bootstrap(), within: 0...8, generator: &generator))
        #expect(abs(interval.lower + 8 * 0.07112174) < 1e-7 && interval.upper == -interval.lower)
        #expect(pair.interval(Bootstrap(), within: nil, generator: &generator) == nil)
        #expect(test(values, values) == 1)
    }

    @Test("without a ratio there is no difference; with one instruction, no interval")
    func undefined() {
        var generator = Philox(key: 1)
        let none = PairedSamples([RatioSample(0, of: 0)], [RatioSample(1, of: 1)])
        #expect(none.difference == nil && none.randomizationTest(10, generator: &generator) == nil)
        #expect(none.interval(Bootstrap(), generator: &generator) == nil)
        let one = PairedSamples(samples([0.25]), samples([1]))
        #expect(one.difference == 0.75 && one.interval(Bootstrap(), generator: &generator) == nil)
        let empty = PairedSamples([], [])
        #expect(empty.difference == nil && empty.interval(Bootstrap(), generator: &generator) == nil)
    }

    @Test("an exchange that leaves a judge without a ratio counts as far from 0")
    func exchangedToNothing() {
        // Each judge has one instruction; exchanging either one leaves a judge without.
        let pair = PairedSamples(
            [RatioSample(1, of: 1), RatioSample(0, of: 0)], [RatioSample(0, of: 0), RatioSample(0, of: 1)])
        var generator = Philox(key: 1)
        #expect(pair.difference == -1 && pair.randomizationTest(100, generator: &generator) == 1)
    }

    @Test("drawn exchanges are never certain: with more instructions than can be counted, p is above 0")
    func drawn() throws {
        let p = try #require(test(Array(repeating: 0, count: 40), Array(repeating: 1, count: 40), permutations: 999))
        #expect(p == 1.0 / 1000)
    }
}

/// What the statistics promise, held against worlds whose truth is known.
@Suite("Intervals and tests in simulated worlds")
struct SimulatedStatisticsTests {
    /// Instructions with 1 to 5 pairs each, of which a judge gets each right with a chance that differs by instruction and
    /// is 0.5 in the mean.
    private static func judged(_ instructions: Int, generator: inout Philox) -> (pairs: [Int], right: [[Double]]) {
        let pairs = (0..<instructions).map { _ in 1 + generator.below(5) }
        let right = (0..<2).map { _ in
            pairs.map { count in
                let chance = generator.uniform()
                return Double((0..<count).count { _ in generator.uniform() < chance })
            }
        }
        return (pairs, right)
    }

    @Test("95 % intervals hold the truth in 95 % of worlds, of a share and of a difference between judges")
    func coverage() {
        let worlds = 400
        let bootstrap = Bootstrap(resamples: 300)
        var generator = Philox(key: 2024)
        var held = (share: 0, difference: 0)
        for _ in 0..<worlds {
            let world = Self.judged(60, generator: &generator)
            let samples = world.right.map { right in zip(right, world.pairs).map { RatioSample($0, of: Double($1)) } }
            if let interval = bootstrap.interval(samples[0], generator: &generator) {
                held.share += (interval.lower...interval.upper).contains(0.5) ? 1 : 0
            }
            let pair = PairedSamples(samples[0], samples[1])
            if let interval = pair.interval(bootstrap, generator: &generator) {
                held.difference += (interval.lower...interval.upper).contains(0) ? 1 : 0
            }
        }
        // The percentile bootstrap falls short by about 1/n, here 0.017; three standard errors of 400 worlds are
        // 3 · √(0.95 · 0.05 / 400) = 0.033.
        for rate in [held.share, held.difference].map({ Double($0) / Double(worlds) }) {
            #expect(rate > 0.95 - 0.017 - 0.033 && rate < 0.95 + 0.033, "\(rate)")
        }
    }

    @Test("between judges that are as good, p is below each level as often as the level says")
    func uniformUnderTheNull() {
        let worlds = 400
        var generator = Philox(key: 7)
        let values = (0..<worlds).compactMap { _ -> Double? in
            // Of 20 instructions, what each judge has is drawn from the same distribution.
            let scores = (0..<2).map { _ in (0..<20).map { _ in RatioSample(generator.uniform(), of: 1) } }
            return PairedSamples(scores[0], scores[1]).randomizationTest(199, generator: &generator)
        }
        #expect(values.count == worlds)
        for level in [0.05, 0.1, 0.25, 0.5, 0.75, 0.9] {
            let share = Double(values.count { $0 <= level + 1e-12 }) / Double(worlds)
            // 3.3 standard errors each: one of six fails in one of 170 seeds.
            let bound = 3.3 * (level * (1 - level) / Double(worlds)).squareRoot()
            #expect(abs(share - level) < bound, "\(level): \(share)")
        }
    }

    @Test("a planted difference is found")
    func power() {
        var generator = Philox(key: 11)
        let values = (0..<100).compactMap { _ -> Double? in
            // 0.3 more in the mean, where one instruction's difference has a standard deviation of 0.41: 4 standard errors.
            let scores = [0.0, 0.3].map { shift in
                (0..<30).map { _ in RatioSample(generator.uniform() + shift, of: 1) }
            }
            return PairedSamples(scores[0], scores[1]).randomizationTest(999, generator: &generator)
        }
        #expect(values.count { $0 <= 0.05 } >= 90 && values.allSatisfy { $0 > 0 })
    }

    @Test("scores that follow length alone agree with preferences that do too, but little once length is held fixed")
    func partialCorrelation() throws {
        var generator = Philox(key: 3)
        for _ in 0..<20 {
            // Preference and score are the length and noise of their own.
            let items = (0..<60).map { index -> RankedItem in
                let lengths = (0..<6).map { _ in 1 + generator.below(300) }
                let noisy = (0..<2).map { _ in lengths.map { Double($0) + 100 * generator.uniform() } }
                let ranks = RankCorrelation.meanRanks(noisy[0].map { -$0 }).map { Int($0) }
                return RankedItem(
                    id: "\(index)",
                    responses: (0..<6).map { place in
                        .init(
                            rank: ranks[place], score: noisy[1][place],
                            traits: ResponseTraits(String(repeating: "x", count: lengths[place])))
                    })
            }
            let quality = JudgeQuality(items, scale: nil, estimator: .fixed(resamples: 1))
            let found = quality.measurements
            let plain = try #require(found.first { $0.name == "spearman_pooled" }?.value)
            #expect(plain > 0.7)
            // Six ranks hold a length coarsely, so that a part of what it explains is left.
            #expect(abs(try #require(found.first { $0.name == "spearman_given_length" }?.value)) < plain / 2)
        }
    }
}
