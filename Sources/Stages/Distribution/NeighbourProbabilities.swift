internal import Foundation
package import Model

/// How likely each two points are neighbours, seen from where they really are: t-SNE's P (van der Maaten and Hinton, 2008,
/// §2 and §3.1).
///
/// Around each point stands a normal distribution, as wide as makes its perplexity the one asked for; P is the mean of what
/// either point says of the other, and adds up to 1 over all ordered pairs.
package struct NeighbourProbabilities {
    /// In nats, of the entropy that is searched for by halving.
    private static let tolerance = 1e-8
    private static let mostHalvings = 128

    /// (points, points), symmetric, 0 on the diagonal.
    package let joint: RowMatrix
    /// Of each point's own distribution. It is the one asked for, except where too many points lie at the same distance.
    package let perplexities: [Double]

    /// - Parameters:
    ///   - distances: squared, (points, points).
    ///   - perplexity: at least 1, and less than the number of points.
    package init(squaredDistances distances: RowMatrix, perplexity: Double, _ pool: WorkerPool) {
        let count = distances.rows
        precondition(
            perplexity >= 1 && perplexity < Double(count), "NeighbourProbabilities: \(perplexity) of \(count) points")
        let conditional = RowMatrix(rows: count, columns: count)
        var reached = [Double](repeating: 0, count: count)
        reached.withUnsafeMutableBufferPointer { reached in
            pool.run(count) { point in
                let others = (0..<count).filter { $0 != point }
                let row = Self.conditional(others.map { distances[point, $0] }, entropy: log(perplexity))
                for (other, share) in zip(others, row.shares) { conditional[point, other] = share }
                reached[point] = exp(row.entropy)
            }
        }
        for first in 0..<count {
            for second in 0..<first {
                let mean = (conditional[first, second] + conditional[second, first]) / (2 * Double(count))
                conditional[first, second] = mean
                conditional[second, first] = mean
            }
        }
        joint = conditional
        perplexities = reached
    }

    /// The shares exp(−β d) / Σ exp(−β d) whose entropy is `entropy`, or as near as it can be.
    ///
    /// The least distance is taken off all, which changes no share and keeps one term at 1: the sum is never 0.
    private static func conditional(
        _ distances: [Double], entropy target: Double
    ) -> (shares: [Double], entropy: Double) {
        let least = distances.min() ?? 0
        let distances = distances.map { $0 - least }
        var precision = 1.0, low = 0.0
        var high: Double?
        var best: (shares: [Double], entropy: Double) = ([], 0)
        for _ in 0..<mostHalvings {
            let weights = distances.map { exp(-precision * $0) }
            let sum = weights.reduce(0, +)
            let shares = weights.map { $0 / sum }
            let expected = zip(distances, shares).reduce(0) { $0 + $1.0 * $1.1 }
            best = (shares, log(sum) + precision * expected)
            if abs(best.entropy - target) <= tolerance { break }
            // The entropy falls as the distribution gets narrower.
            if best.entropy > target { low = precision } else { high = precision }
            precision = high.map { (low + $0) / 2 } ?? precision * 2
        }
        return best
    }
}
