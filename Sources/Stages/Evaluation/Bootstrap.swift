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
    package init(mean value: Double?) { self.init(value ?? 0, of: value == nil ? 0 : 1) }

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

    /// Fewer resamples than these have no 2.5th percentile of their own.
    package static let fewestResamples = 40

    /// The interval of the ratio; nil with fewer than two items that have a denominator.
    ///
    /// - Parameter bounds: between which the ratio of any item lies; nil where nothing bounds it, and then items that all
    ///   have the same ratio have no interval.
    package func interval(
        _ samples: [RatioSample], within bounds: ClosedRange<Double>? = 0...1, generator: inout Philox
    ) -> Interval? {
        let ratios = samples.compactMap { RatioSample.ratio([$0]) }
        guard ratios.count >= 2 else { return nil }
        if Self.isSpread(ratios.min() ?? 0, ratios.max() ?? 0) {
            return interval(drawnFrom: samples.count, generator: &generator) { drawn in
                RatioSample.ratio(drawn.lazy.map { samples[$0] })
            }
        }
        return bounds.flatMap { interval(of: ratios.count, equalTo: ratios[0], within: $0) }
    }

    /// The interval of a mean over `count` items that all have the same value: drawn again they show no spread, and an
    /// interval without width would call the mean certain.
    ///
    /// Items with another value may be as frequent as they can be while `count` drawn ones miss them in 2.5 % of cases, and
    /// their value may be either of the bounds. Of a share of none or of all that is the exact interval of Clopper and Pearson
    /// (1934); of any other value it is on the safe side.
    func interval(of count: Int, equalTo value: Double, within bounds: ClosedRange<Double>) -> Interval? {
        // Rounding alone may keep it from a bound, or carry it beyond.
        let ends = [bounds.lowerBound, bounds.upperBound]
        let inside = ends.first { !Self.isSpread(min(value, $0), max(value, $0)) } ?? value
        guard count >= 2, value.isFinite, bounds.contains(inside) else { return nil }
        let others = shareMissed(by: count)
        return Interval(
            lower: inside - (inside - bounds.lowerBound) * others,
            upper: inside + (bounds.upperBound - inside) * others)
    }

    /// Whether two numbers differ by more than the rounding of sums does.
    static func isSpread(_ least: Double, _ most: Double) -> Bool {
        most - least > 1e-12 * max(1, abs(least), abs(most))
    }

    /// How large a share is that so many draws miss in 2.5 % of cases: 1 − 0.025^(1/count). By bisection: the C library's
    /// powers need not have the same last bit on every machine.
    private func shareMissed(by count: Int) -> Double {
        var low = 0.0, high = 1.0
        while true {
            let middle = (low + high) / 2
            guard low < middle, middle < high else { return high }
            let missed = (0..<count).reduce(1) { product, _ in product * (1 - middle) }
            if missed > (1 - confidence) / 2 { low = middle } else { high = middle }
        }
    }

    /// The interval of any statistic of `count` items, of which a resample draws as many, by their places; nil with fewer than
    /// two items, where no resample has a value, and where all have the same.
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
        guard let least = values.first, let most = values.last, Self.isSpread(least, most) else { return nil }
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
