internal import Foundation

/// Where values stand along an axis: a range that begins and ends at marks people can read, and these marks.
package struct LinearScale: Sendable {
    package let lower: Double
    package let upper: Double
    /// Multiples of 1, 2 or 5 times a power of ten.
    package let ticks: [Double]
    package let step: Double
    /// Where `lower` and `upper` stand on the paper.
    let start: Double
    let end: Double

    /// Beyond this, differences of two values could overflow.
    private static let largest = 1e100
    /// Below this, a fraction of a value could be 0, and the step with it.
    private static let smallest = 1e-100

    /// - Parameters:
    ///   - values: those that must have a place; values that are no numbers have none.
    ///   - marks: about how many marks there should be.
    package init(covering values: some Sequence<Double>, from start: Double, to end: Double, marks: Int = 5) {
        let known = values.filter { $0.isFinite && abs($0) < Self.largest }.map { abs($0) < Self.smallest ? 0 : $0 }
        var low = known.min() ?? 0, high = known.max() ?? 1
        if high - low <= abs(high) * 1e-9 {
            // One value: some room around it.
            let room = high == 0 ? 1 : abs(high) * 0.5
            (low, high) = (low - room, high + room)
        }
        let step = Self.niceStep((high - low) / Double(max(1, marks)))
        let first = (low / step + 1e-9).rounded(.down), last = (high / step - 1e-9).rounded(.up)
        self.step = step
        lower = first * step
        upper = last * step
        ticks = stride(from: first, through: last, by: 1).map { $0 * step }
        self.start = start
        self.end = end
    }

    /// The smallest 1, 2 or 5 times a power of ten that is not less than `size`.
    private static func niceStep(_ size: Double) -> Double {
        let power = pow(10, log10(size).rounded(.down))
        let factor = [1.0, 2, 5, 10].first { $0 * power >= size * (1 - 1e-9) } ?? 10
        return factor * power
    }

    /// The place of `value`; one outside of the range stands at its end.
    package func position(_ value: Double) -> Double {
        let share = (min(max(value, lower), upper) - lower) / (upper - lower)
        return share.isFinite ? start + share * (end - start) : start
    }

    func label(_ tick: Double) -> String { Numerals.tick(tick, step: step) }
}
