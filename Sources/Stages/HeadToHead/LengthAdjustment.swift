internal import Foundation
package import Model

/// A comparison with a baseline, as the adjustment for length sees it.
package struct LengthComparison: Equatable, Sendable {
    /// How far it goes to the model: 1 wins, 0 loses, 0.5 ties; an expectation may lie between.
    package let share: Double
    /// Characters (Unicode code points) that the baseline's response has more than the model's.
    package let difference: Double

    package init(share: Double, difference: Double) {
        self.share = share
        self.difference = difference
    }

    package init(share: Double, response: String, baseline: String) {
        self.init(
            share: share, difference: Double(baseline.unicodeScalars.count - response.unicodeScalars.count))
    }
}

/// The win rate that a model would have if its responses were as long as the baseline's: `length_controlled_minimal`.
///
/// A logistic regression: log-odds of winning = constant + slope · tanh(Δ/σ), where Δ is the difference in length and σ
/// its standard deviation (n − 1) over the comparisons. At Δ = 0 the constant alone is left, and gives the rate.
///
/// This is the model of AlpacaEval's length-controlled win rate (Dubois et al., 2024) without what needs data from outside:
/// the difficulty of each instruction, and the comparisons of two baselines that were told to be brief or verbose, which
/// hold its weights back. Nor is the constant held back here, so that equal lengths give the raw rate; the slope is, by
/// ½ slope² (ridge, where AlpacaEval has a lasso whose strength is cross-validated): too little to matter among hundreds of
/// comparisons, and enough to keep the slope finite where the longer response always wins.
package struct LengthAdjustment: Sendable {
    /// The comparisons of each prompt: those of one are not independent, so prompts are what is drawn again.
    private let prompts: [[LengthComparison]]

    package init(_ prompts: [[LengthComparison]]) { self.prompts = prompts.filter { !$0.isEmpty } }

    /// Nil where nothing was compared, or the lengths always differ by the same: then nothing tells skill from length.
    package var rate: Double? { Self.rate(prompts.flatMap(\.self)) }

    /// - Parameter generator: gives the bootstrap's random numbers.
    package func measurement(bootstrap: Bootstrap, generator: Philox) -> Measurement {
        var generator = generator
        let drawn = bootstrap.interval(drawnFrom: prompts.count, generator: &generator) { drawn in
            Self.rate(drawn.flatMap { prompts[$0] })
        }
        let rate = rate
        // Where all are won, all lost or all tied, the rate is what it is without the adjustment.
        let interval = rate.flatMap { drawn ?? bootstrap.interval(of: prompts.count, equalTo: $0, within: 0...1) }
        return Measurement(
            name: "length_controlled_minimal", value: rate, count: prompts.reduce(0) { $0 + $1.count },
            interval: interval, note: note)
    }

    private var note: String {
        let method =
            "the win rate at equal lengths, by a logistic regression on tanh(Δ characters / their deviation); AlpacaEval's "
            + "has a difficulty for each instruction too"
        let differences = prompts.joined().map(\.difference)
        guard let first = differences.first else { return method + "; nothing was compared" }
        if first != 0, differences.allSatisfy({ $0 == first }) {
            return method + "; here the lengths always differ by the same, so that it cannot be told"
        }
        if differences.allSatisfy({ $0 < 0 }) || differences.allSatisfy({ $0 > 0 }) {
            return method + "; here one of the two always writes more, so that it is extrapolated"
        }
        return method
    }

    // MARK: The regression

    private struct Point {
        /// tanh(Δ/σ).
        let length: Double
        let share: Double
    }

    /// Newton's method comes to rest in about six steps; where it does not, something is wrong with the numbers.
    private static let mostSteps = 100

    static func rate(_ comparisons: [LengthComparison]) -> Double? {
        guard let raw = mean(comparisons.map(\.share)) else { return nil }
        let deviation = standardDeviation(comparisons.map(\.difference))
        if deviation == 0 { return comparisons[0].difference == 0 ? raw : nil }
        // All won, or all lost: the likelihood has no other limit, whatever the lengths.
        if raw <= 0 || raw >= 1 { return raw }
        return constant(
            comparisons.map { Point(length: tanh($0.difference / deviation), share: $0.share) },
            start: log(raw / (1 - raw))
        ).map(sigmoid)
    }

    /// The constant of the penalised likelihood's maximum, which exists once and is finite: there is something on both
    /// sides, and the slope is held back.
    private static func constant(_ points: [Point], start: Double) -> Double? {
        var constant = start, slope = 0.0
        var height = likelihood(points, constant, slope)
        for _ in 0..<mostSteps {
            let step = newtonStep(points, constant, slope)
            if max(abs(step.constant), abs(step.slope)) < 1e-12 { return constant }
            // Far from the maximum a whole step may lead down: then half of it, and so on.
            var size = 1.0
            while size > 1e-10 {
                let next = likelihood(points, constant + size * step.constant, slope + size * step.slope)
                if next > height {
                    height = next
                    break
                }
                size /= 2
            }
            if size <= 1e-10 { return constant }  // No step leads up: this is the top, but for rounding.
            constant += size * step.constant
            slope += size * step.slope
        }
        return nil
    }

    private static func likelihood(_ points: [Point], _ constant: Double, _ slope: Double) -> Double {
        points.reduce(-slope * slope / 2) { sum, point in
            let logOdds = constant + slope * point.length
            // y log σ(z) + (1 − y) log σ(−z) = y z − log(1 + eᶻ), and that without overflow.
            return sum + point.share * logOdds - (max(logOdds, 0) + log1p(exp(-abs(logOdds))))
        }
    }

    /// −H⁻¹ g of the penalised likelihood.
    private static func newtonStep(
        _ points: [Point], _ constant: Double, _ slope: Double
    ) -> (constant: Double, slope: Double) {
        var gradient = (constant: 0.0, slope: -slope)
        var curvature = (constant: 0.0, mixed: 0.0, slope: 1.0)
        for point in points {
            let rate = sigmoid(constant + slope * point.length)
            gradient.constant += point.share - rate
            gradient.slope += (point.share - rate) * point.length
            let weight = rate * (1 - rate)
            curvature.constant += weight
            curvature.mixed += weight * point.length
            curvature.slope += weight * point.length * point.length
        }
        // Positive by Cauchy and Schwarz, since the penalty adds 1 to the slope's; zero only where all rates have rounded
        // to 0 or 1.
        let determinant = curvature.constant * curvature.slope - curvature.mixed * curvature.mixed
        guard determinant > 0 else { return (0, 0) }
        return (
            (curvature.slope * gradient.constant - curvature.mixed * gradient.slope) / determinant,
            (curvature.constant * gradient.slope - curvature.mixed * gradient.constant) / determinant
        )
    }

    private static func sigmoid(_ logOdds: Double) -> Double { 1 / (1 + exp(-logOdds)) }

    /// Of a sample; 0 of one value.
    private static func standardDeviation(_ values: [Double]) -> Double {
        guard values.count > 1, let middle = mean(values) else { return 0 }
        let squares = values.reduce(0) { $0 + ($1 - middle) * ($1 - middle) }
        return (squares / Double(values.count - 1)).squareRoot()
    }
}
