internal import Foundation

/// Correlation coefficients; those of ranks allow for ties.
package enum RankCorrelation {
    /// Kendall's τ-b: (concordant − discordant) / √((n₀ − ties in x)(n₀ − ties in y)), n₀ = n(n−1)/2.
    ///
    /// Nil where undefined: fewer than two values, or one side constant.
    package static func kendallTauB(_ x: [Double], _ y: [Double]) -> Double? {
        precondition(x.count == y.count, "kendallTauB: \(x.count) against \(y.count) values")
        var balance = 0, untiedX = 0, untiedY = 0
        for first in x.indices {
            for second in x.indices where second > first {
                let signX = sign(x[first], x[second]), signY = sign(y[first], y[second])
                balance += signX * signY
                untiedX += abs(signX)
                untiedY += abs(signY)
            }
        }
        guard untiedX > 0, untiedY > 0 else { return nil }
        return Double(balance) / (Double(untiedX) * Double(untiedY)).squareRoot()
    }

    /// Spearman's ρ: the Pearson correlation of the ranks, tied values sharing their mean rank.
    ///
    /// Nil where undefined: fewer than two values, or one side constant.
    package static func spearman(_ x: [Double], _ y: [Double]) -> Double? {
        precondition(x.count == y.count, "spearman: \(x.count) against \(y.count) values")
        // The mean of the ranks 1…n, with or without ties.
        let center = Double(x.count + 1) / 2
        return pearson(meanRanks(x), meanRanks(y), centers: (center, center))
    }

    /// Pearson's r: the covariance over the product of the standard deviations.
    ///
    /// Nil where undefined: fewer than two values, or one side constant.
    package static func pearson(_ x: [Double], _ y: [Double]) -> Double? {
        precondition(x.count == y.count, "pearson: \(x.count) against \(y.count) values")
        // Equal values may differ from their mean by its rounding.
        guard let centerX = mean(x), let centerY = mean(y), !isConstant(x), !isConstant(y) else { return nil }
        return pearson(x, y, centers: (centerX, centerY))
    }

    private static func pearson(_ x: [Double], _ y: [Double], centers: (x: Double, y: Double)) -> Double? {
        var covariance = 0.0, varianceX = 0.0, varianceY = 0.0
        for (first, second) in zip(x, y) {
            covariance += (first - centers.x) * (second - centers.y)
            varianceX += (first - centers.x) * (first - centers.x)
            varianceY += (second - centers.y) * (second - centers.y)
        }
        return quotient(covariance, varianceX, varianceY)
    }

    /// The covariance over the root of both variances; nil where one of these is 0, or too large for a number.
    static func quotient(_ covariance: Double, _ varianceX: Double, _ varianceY: Double) -> Double? {
        guard varianceX > 0, varianceY > 0, varianceX.isFinite, varianceY.isFinite else { return nil }
        // Rounding alone may carry it beyond one.
        return max(-1, min(1, covariance / (varianceX.squareRoot() * varianceY.squareRoot())))
    }

    /// Whether all values are the same; so are none, and one.
    static func isConstant(_ values: [Double]) -> Bool { values.allSatisfy { $0 == values[0] } }

    /// Ranks from 1, ascending; equal values get the mean of the ranks they fill.
    package static func meanRanks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] == values[$1] ? $0 < $1 : values[$0] < values[$1] }
        var ranks = Array(repeating: 0.0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
            for place in start...end { ranks[order[place]] = Double(start + end) / 2 + 1 }
            start = end + 1
        }
        return ranks
    }

    private static func sign(_ first: Double, _ second: Double) -> Int {
        first < second ? -1 : first > second ? 1 : 0
    }
}
