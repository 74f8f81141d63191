import Model
import Stages

extension Estimator {
    /// Whose random numbers depend on the length of a measurement's name alone.
    static func fixed(resamples: Int) -> Estimator {
        Estimator(Bootstrap(resamples: resamples)) { Philox(key: UInt64($0.utf8.count)) }
    }
}
