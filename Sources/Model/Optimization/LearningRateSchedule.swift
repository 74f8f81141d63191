import Foundation

/// How the learning rate moves over a training run: up in a straight line, then down to a floor.
public struct LearningRateSchedule: Codable, Sendable, Hashable {
    public enum Shape: String, Codable, Sendable, CaseIterable { case constant, linear, cosine }

    public var shape = Shape.cosine  // paper §3.1.3
    /// The rate after warm-up.
    public var peak: Double
    /// The rate at the end, for `linear` and `cosine`.
    public var floor: Double
    /// Steps over which the rate rises from 0; the first step's rate is 0 when there are any.
    public var warmupSteps = 0

    public init(shape: Shape = .cosine, peak: Double, floor: Double = 0, warmupSteps: Int = 0) {
        self.shape = shape
        self.peak = peak
        self.floor = floor
        self.warmupSteps = warmupSteps
    }

    /// The rate of step `step`, counted from 0, of `total`.
    ///
    /// As in transformers: after warm-up the fraction done is (step − warm-up) / (total − warm-up), so the floor is
    /// reached one step after the last.
    public func rate(step: Int, of total: Int) -> Double {
        if step < warmupSteps { return peak * Double(step) / Double(warmupSteps) }
        let done = min(1, Double(step - warmupSteps) / Double(max(total - warmupSteps, 1)))
        switch shape {
        case .constant: return peak
        case .linear: return floor + (peak - floor) * (1 - done)
        case .cosine: return floor + (peak - floor) * (1 + cos(Double.pi * done)) / 2
        }
    }

    /// - Throws: `ModelError.configuration` naming the field that cannot be.
    public func validate() throws(ModelError) {
        if !(peak.isFinite && peak > 0) {
            throw .configuration(field: "peak", problem: "is \(peak); it must be positive")
        }
        if !(floor >= 0 && floor <= peak) {
            throw .configuration(field: "floor", problem: "is \(floor), outside 0 … \(peak)")
        }
        if warmupSteps < 0 { throw .configuration(field: "warmupSteps", problem: "is \(warmupSteps)") }
    }
}
