internal import Foundation
package import Model

/// t-SNE, exact (van der Maaten and Hinton, 2008): places in the plane whose neighbourhoods are as alike as may be to those
/// of the points they stand for.
///
/// Every pair of points is looked at in every iteration: time and memory grow with their square. Sums have a fixed order, so
/// that threads change no bit.
package struct TSNE {
    package struct Options: Sendable, Equatable {
        /// van der Maaten's, and scikit-learn's.
        package var iterations = 1000
        /// Nil for n / 48, at least 50: Belkina et al. (2019), and scikit-learn's `auto`, which divides n by the exaggeration
        /// and by the 4 of the gradient.
        package var learningRate: Double?

        package init() {}
    }

    // As in van der Maaten's own program, with scikit-learn's longer and stronger beginning.
    /// By so much P is enlarged at first, so that clusters form while there is room between them.
    static let exaggeration = 12.0
    static let exaggeratedIterations = 250
    /// While P is enlarged, and after.
    static let momenta = (early: 0.5, late: 0.8)
    /// A coordinate's own step grows by this much while its gradient keeps pointing where it did, and else shrinks (Jacobs,
    /// 1988).
    static let gain = (growth: 0.2, decay: 0.8, least: 0.01)
    /// Standard deviation of the first coordinate where it begins.
    static let startDeviation = 1e-4

    private let probabilities: NeighbourProbabilities
    private let pool: WorkerPool
    private let learningRate: Double
    private let iterations: Int
    /// Coordinates by axis: (2, points).
    private let places: RowMatrix
    private var velocity: [SIMD2<Double>]
    private var gains: [SIMD2<Double>]

    /// - Parameter places: where the points begin: `start(from:)`.
    package init(
        _ probabilities: NeighbourProbabilities, places start: [SIMD2<Double>], options: Options, _ pool: WorkerPool
    ) {
        let count = start.count
        precondition(count == probabilities.joint.rows, "TSNE: \(count) places, \(probabilities.joint.rows) points")
        self.probabilities = probabilities
        self.pool = pool
        iterations = options.iterations
        learningRate = options.learningRate ?? max(Double(count) / Self.exaggeration / 4, 50)
        places = RowMatrix(rows: 2, columns: count)
        velocity = [SIMD2<Double>](repeating: .zero, count: count)
        gains = [SIMD2<Double>](repeating: .one, count: count)
        for (point, place) in start.enumerated() { move(point, to: place) }
    }

    /// Principal components, drawn together so that their first coordinate has the deviation to begin with; all at one place
    /// where it has none.
    package static func start(from components: [SIMD2<Double>]) -> [SIMD2<Double>] {
        let xs = components.map(\.x), count = Double(max(xs.count, 1))
        let mean = xs.reduce(0, +) / count
        let deviation = (xs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
        return components.map { deviation > 0 ? $0 * (startDeviation / deviation) : .zero }
    }

    /// - Parameter onIteration: called before each with its number, from 0; what it throws ends the work.
    package mutating func run<Failure>(onIteration: (Int) throws(Failure) -> Void) throws(Failure) {
        for iteration in 0..<iterations {
            try onIteration(iteration)
            let isEarly = iteration < Self.exaggeratedIterations
            step(
                gradient(exaggeration: isEarly ? Self.exaggeration : 1),
                momentum: isEarly ? Self.momenta.early : Self.momenta.late)
        }
    }

    private mutating func step(_ gradient: [SIMD2<Double>], momentum: Double) {
        for point in gradient.indices {
            var gains = gains[point]
            for axis in 0..<2 {
                // The velocity goes against the gradient it came of.
                let isSteady = velocity[point][axis] * gradient[point][axis] < 0
                gains[axis] = max(
                    isSteady ? gains[axis] + Self.gain.growth : gains[axis] * Self.gain.decay, Self.gain.least)
            }
            self.gains[point] = gains
            velocity[point] = momentum * velocity[point] - learningRate * (gains * gradient[point])
            move(point, to: place(point) + velocity[point])
        }
    }

    private func place(_ point: Int) -> SIMD2<Double> { SIMD2(places[0, point], places[1, point]) }

    private func move(_ point: Int, to place: SIMD2<Double>) {
        places[0, point] = place.x
        places[1, point] = place.y
    }

    /// The places around their mean.
    package var layout: [SIMD2<Double>] {
        let all = (0..<places.columns).map(place)
        let mean = all.reduce(.zero, +) / Double(max(all.count, 1))
        return all.map { $0 - mean }
    }

    // MARK: What is made small

    /// The gradient of `divergence` by each point's place: 4 Σ (e·p − q)·(place − other) / (1 + distance²), `e` being the
    /// exaggeration.
    ///
    /// No coordinate is larger than 4 (e + 1) / 2, since d / (1 + d²) never is than a half: places stay finite at any rate.
    package func gradient(exaggeration: Double) -> [SIMD2<Double>] {
        let forces = forces()
        let total = forces.reduce(0) { $0 + $1.weight }
        return forces.map { 4 * (exaggeration * $0.attraction - $0.repulsion / total) }
    }

    /// Σ p log(p / q) over all ordered pairs, in nats, where q is the share of 1 / (1 + distance²).
    package func divergence() -> Double {
        let total = forces().reduce(0) { $0 + $1.weight }
        return (0..<places.columns).reduce(0) { sum, point in
            sum
                + (0..<places.columns).reduce(0) { sum, other in
                    let p = probabilities.joint[point, other]
                    guard p > 0 else { return sum }
                    let offset = place(point) - place(other)
                    return sum + p * (log(p) + log1p((offset * offset).sum()) + log(total))
                }
        }
    }

    /// What the other points do to one.
    private struct Force {
        var attraction = SIMD2<Double>.zero
        var repulsion = SIMD2<Double>.zero
        /// Σ 1 / (1 + distance²).
        var weight = 0.0
    }

    private func forces() -> [Force] {
        var forces = [Force](repeating: Force(), count: places.columns)
        forces.withUnsafeMutableBufferPointer { forces in
            pool.run(places.columns) { forces[$0] = force(on: $0) }
        }
        return forces
    }

    private func force(on point: Int) -> Force {
        typealias Lanes = RowMatrix.Lanes
        let size = Lanes.scalarCount
        let xs = places.lanes(0), ys = places.lanes(1), shares = probabilities.joint.lanes(point)
        let x = Lanes(repeating: places[0, point]), y = Lanes(repeating: places[1, point])
        var attraction = (x: Lanes.zero, y: Lanes.zero), repulsion = (x: Lanes.zero, y: Lanes.zero)
        var sum = Lanes.zero
        for index in 0..<xs.count {
            let dx = x - xs[index], dy = y - ys[index]
            var weight = 1 / (1 + dx * dx + dy * dy)
            // Neither the point itself nor what fills up the last vector pushes.
            if index == point / size { weight[point % size] = 0 }
            if (index + 1) * size > places.columns {
                for lane in (places.columns - index * size)..<size { weight[lane] = 0 }
            }
            let pull = shares[index] * weight, push = weight * weight
            attraction.x += pull * dx
            attraction.y += pull * dy
            repulsion.x += push * dx
            repulsion.y += push * dy
            sum += weight
        }
        return Force(
            attraction: SIMD2(attraction.x.sum(), attraction.y.sum()),
            repulsion: SIMD2(repulsion.x.sum(), repulsion.y.sum()), weight: sum.sum())
    }
}
