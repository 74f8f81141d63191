package import Model

/// A statistic that is a ratio of two sums over items: a share, or a mean.
package struct RatioSample: Sendable, Equatable {
    package let numerator: Double
    package let denominator: Double

    package init(_ numerator: Double, of denominator: Double) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// How many of some statements are true.
    init(shareOf statements: [Bool]) {
        self.init(Double(statements.count { $0 }), of: Double(statements.count))
    }

    /// What an item adds to a mean over those that have a value.
    init(mean value: Double?) { self.init(value ?? 0, of: value == nil ? 0 : 1) }

    /// Nil where the denominators add up to nothing, or a sum is too large for a number.
    package static func ratio(_ samples: some Sequence<RatioSample>) -> Double? {
        let sum = samples.reduce(RatioSample(0, of: 0), +)
        let ratio = sum.numerator / sum.denominator
        return sum.denominator > 0 && ratio.isFinite ? ratio : nil
    }

    package static func + (first: RatioSample, second: RatioSample) -> RatioSample {
        RatioSample(first.numerator + second.numerator, of: first.denominator + second.denominator)
    }
}

/// The percentile bootstrap over items (Efron, 1979): items, not pairs, are drawn again, since the pairs of one
/// instruction are not independent.
package struct Bootstrap: Sendable {
    package let resamples: Int
    package let confidence = 0.95

    package init(resamples: Int = 2000) { self.resamples = resamples }

    /// The interval of the ratio; nil with fewer than two items that have a denominator.
    package func interval(_ samples: [RatioSample], generator: inout Philox) -> Interval? {
        guard samples.count(where: { $0.denominator > 0 }) >= 2 else { return nil }
        return interval(drawnFrom: samples.count, generator: &generator) { drawn in
            RatioSample.ratio(drawn.lazy.map { samples[$0] })
        }
    }

    /// The interval of any statistic of `count` items, of which a resample draws as many, by their places; nil with fewer than
    /// two items, or where no resample has a value.
    ///
    /// Resamples without a value are left out. Between two order statistics the percentile is interpolated.
    package func interval(
        drawnFrom count: Int, generator: inout Philox, _ statistic: (_ drawn: [Int]) -> Double?
    ) -> Interval? {
        guard count >= 2 else { return nil }
        var values: [Double] = []
        for _ in 0..<resamples {
            let drawn = (0..<count).map { _ in generator.below(count) }
            if let value = statistic(drawn) { values.append(value) }
        }
        values.sort()
        guard !values.isEmpty else { return nil }
        let tail = (1 - confidence) / 2
        return Interval(lower: Self.percentile(tail, of: values), upper: Self.percentile(1 - tail, of: values))
    }

    private static func percentile(_ share: Double, of sorted: [Double]) -> Double {
        let position = share * Double(sorted.count - 1)
        let below = Int(position)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
    }
}
