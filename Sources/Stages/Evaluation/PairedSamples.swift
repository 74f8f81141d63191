package import Model

/// What each of two judges adds to a ratio, instruction by instruction: what makes an instruction hard for both cancels in
/// their difference.
package struct PairedSamples: Sendable, Equatable {
    private let first: [RatioSample]
    private let second: [RatioSample]

    package init(_ first: [RatioSample], _ second: [RatioSample]) {
        precondition(
            first.count == second.count, "paired samples: \(first.count) against \(second.count) instructions")
        self.first = first
        self.second = second
    }

    /// The second ratio less the first; nil where one of them has no value.
    package var difference: Double? { difference(first.indices) { _ in false } }

    /// Instructions in which at least one of the two has a denominator.
    package var instructions: Int { zip(first, second).count { $0.denominator > 0 || $1.denominator > 0 } }

    /// Instructions in which the two are not the same: only these can make a difference.
    package var differing: Int { differingPlaces.count }

    /// The percentile bootstrap, both drawn together; nil with fewer than two instructions that either judge has a
    /// denominator in.
    ///
    /// - Parameter bounds: between which either ratio of any instruction lies; nil where nothing bounds it, and then
    ///   differences that are all the same have no interval.
    package func interval(
        _ bootstrap: Bootstrap, within bounds: ClosedRange<Double>? = 0...1, generator: inout Philox
    ) -> Interval? {
        guard [first, second].allSatisfy({ samples in samples.count { $0.denominator > 0 } >= 2 }) else { return nil }
        let drawn = bootstrap.interval(drawnFrom: first.count, generator: &generator) { drawn in
            difference(drawn) { _ in false }
        }
        if let drawn { return drawn }
        guard let bounds, let difference else { return nil }
        let width = bounds.upperBound - bounds.lowerBound
        return bootstrap.interval(of: instructions, equalTo: difference, within: -width...width)
    }

    /// The two-sided paired randomization test (Fisher, 1935): how often the difference is at least as far from 0 when each
    /// instruction's two samples are exchanged or not, at random; nil where there is no difference to speak of.
    ///
    /// With few instructions that differ, all 2ᵏ exchanges are counted. Otherwise `permutations` are drawn, and the
    /// samples as they are count as one more, so that p is never 0. An exchange that leaves a ratio without a value counts
    /// as far from 0.
    package func randomizationTest(_ permutations: Int, generator: inout Philox) -> Double? {
        guard let difference else { return nil }
        let places = differingPlaces
        // Sums in another order may differ by rounding.
        let bound = abs(difference) - 1e-12
        var exchanged = Array(repeating: false, count: first.count)
        func isAsFar() -> Bool {
            self.difference(first.indices) { exchanged[$0] }.map { abs($0) >= bound } ?? true
        }
        if places.count < Int.bitWidth - 2, 1 << places.count <= permutations {
            let all = 1 << places.count
            var extreme = 0
            for pattern in 0..<all {
                for (bit, place) in places.enumerated() { exchanged[place] = pattern >> bit & 1 == 1 }
                if isAsFar() { extreme += 1 }
            }
            return Double(extreme) / Double(all)
        }
        var extreme = 1
        for _ in 0..<permutations {
            for place in places { exchanged[place] = generator.below(2) == 1 }
            if isAsFar() { extreme += 1 }
        }
        return Double(extreme) / Double(permutations + 1)
    }

    private var differingPlaces: [Int] { first.indices.filter { first[$0] != second[$0] } }

    private func difference(_ places: some Sequence<Int>, exchanged: (Int) -> Bool) -> Double? {
        var ratios = (first: RatioSample(0, of: 0), second: RatioSample(0, of: 0))
        for place in places {
            let (low, high) = exchanged(place) ? (second[place], first[place]) : (first[place], second[place])
            ratios.first = ratios.first + low
            ratios.second = ratios.second + high
        }
        guard let low = RatioSample.ratio([ratios.first]), let high = RatioSample.ratio([ratios.second]) else {
            return nil
        }
        return high - low
    }
}
