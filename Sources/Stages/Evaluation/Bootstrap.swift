package import Model

/// A statistic that is a ratio of two sums over items: a share, or a mean.
package struct RatioSample: Sendable, Equatable {
    package let numerator: Double
    package let denominator: Double

    package init(_ numerator: Double, of denominator: Double) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// Nil where the denominators add up to nothing.
    package static func ratio(_ samples: some Sequence<RatioSample>) -> Double? {
        var numerator = 0.0, denominator = 0.0
        for sample in samples {
            numerator += sample.numerator
            denominator += sample.denominator
        }
        return denominator > 0 ? numerator / denominator : nil
    }
}

/// The percentile bootstrap over items (Efron, 1979): items, not pairs, are drawn again, since the pairs of one
/// instruction are not independent.
package struct Bootstrap: Sendable {
    package var resamples = 2000
    package var confidence = 0.95

    package init() {}

    /// The interval of the ratio; nil with fewer than two items that have a denominator.
    ///
    /// Resamples without any denominator are left out. Between two order statistics the percentile is interpolated.
    package func interval(_ samples: [RatioSample], generator: inout Philox) -> Interval? {
        guard samples.count(where: { $0.denominator > 0 }) >= 2 else { return nil }
        var ratios: [Double] = []
        for _ in 0..<resamples {
            let drawn = (0..<samples.count).map { _ in samples[generator.below(samples.count)] }
            if let ratio = RatioSample.ratio(drawn) { ratios.append(ratio) }
        }
        ratios.sort()
        guard !ratios.isEmpty else { return nil }
        let tail = (1 - confidence) / 2
        return Interval(lower: Self.percentile(tail, of: ratios), upper: Self.percentile(1 - tail, of: ratios))
    }

    private static func percentile(_ share: Double, of sorted: [Double]) -> Double {
        let position = share * Double(sorted.count - 1)
        let below = Int(position)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
    }
}
