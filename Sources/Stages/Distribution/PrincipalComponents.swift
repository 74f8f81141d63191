internal import Foundation
package import Model

/// The two directions in which rows of numbers spread most: the exact eigenvectors of their covariance, found by subspace
/// iteration with Rayleigh and Ritz's projection (Parlett, 1980, ch. 14), without forming the matrix.
///
/// A component's sign is fixed: its largest coefficient is positive.
package struct PrincipalComponents {
    /// How many directions are followed for two to be found; more converge faster.
    private static let block = 12
    private static let mostRounds = 500
    /// A direction is found when what the covariance makes of it lies so close to a multiple of it, measured by that
    /// multiple; or, for one without spread beside the first, by the first's.
    private static let tolerance = 1e-9
    private static let rounding = 1e-13

    /// Of each row.
    package let scores: [SIMD2<Double>]
    /// Share of the rows' variance that lies in each direction; nil where the rows do not vary.
    package let explained: SIMD2<Double>?

    /// - Parameter table: (rows, columns), any numbers that are finite.
    package init(_ table: RowMatrix, _ pool: WorkerPool) {
        let centred = Centred(table)
        let variance = (0..<centred.table.rows).reduce(0) { $0 + centred.table.squaredLength($1) }
        // What is left of equal rows is the rounding of their mean.
        let size = (0..<table.rows).reduce(0) { $0 + table.squaredLength($1) }
        guard variance > 1e-24 * size else {
            scores = [SIMD2<Double>](repeating: .zero, count: table.rows)
            explained = nil
            return
        }
        let found = Self.directions(centred, pool)
        scores = (0..<table.rows).map { row in
            SIMD2(found.map { $0.value > 0 ? centred.table.product(row, $0.direction) : 0 })
        }
        explained = SIMD2(found.map { min(1, $0.value / variance) })
    }

    private typealias Direction = (value: Double, direction: [RowMatrix.Lanes])

    /// The two of largest eigenvalue of Σ row·rowᵀ; one of value 0 where the rows lie on a line.
    private static func directions(_ rows: Centred, _ pool: WorkerPool) -> [Direction] {
        let count = min(block, rows.table.columns, rows.table.rows)
        var basis = orthonormal((0..<count).map { start($0, columns: rows.table.columns) })
        var found: [Direction] = []
        for _ in 0..<mostRounds {
            var images = [[RowMatrix.Lanes]](repeating: [], count: basis.count)
            images.withUnsafeMutableBufferPointer { images in
                pool.run(basis.count) { images[$0] = rows.image(of: basis[$0]) }
            }
            let projected = basis.map { first in images.map { dot(first, $0) } }
            let (values, turns) = SymmetricMatrix.eigen(projected)
            let turned = turns.map { combine(basis, $0) }, turnedImages = turns.map { combine(images, $0) }
            found = zip(values, turned).prefix(2).map { ($0, $1) }
            let isFound = found.indices.allSatisfy { place in
                let rest = combine([turnedImages[place], turned[place]], [1, -values[place]])
                return dot(rest, rest).squareRoot() <= tolerance * values[place] + rounding * values[0]
            }
            if isFound { break }
            basis = orthonormal(turnedImages)
        }
        let largest = found.first?.value ?? 0
        return (0..<2).map { place in
            // What is left of a direction without spread is rounding.
            guard place < found.count, found[place].value > 1e-12 * largest else { return (0, []) }
            return (found[place].value, signed(found[place].direction))
        }
    }

    /// A direction to begin with: any will do that is not at right angles to what is sought.
    private static func start(_ index: Int, columns: Int) -> [RowMatrix.Lanes] {
        var generator = Philox(key: 0, stream: UInt64(index))
        let row = RowMatrix([(0..<columns).map { _ in generator.uniform() - 0.5 }])
        return Array(row.lanes(0))
    }

    /// Gram and Schmidt's method, each twice for the sake of rounding; what depends on those before it is left out.
    private static func orthonormal(_ vectors: [[RowMatrix.Lanes]]) -> [[RowMatrix.Lanes]] {
        var basis: [[RowMatrix.Lanes]] = []
        for vector in vectors {
            let before = dot(vector, vector).squareRoot()
            var rest = vector
            for direction in basis + basis {
                rest = combine([rest, direction], [1, -dot(rest, direction)])
            }
            let length = dot(rest, rest).squareRoot()
            if length > 1e-12 * before, length > 0 { basis.append(rest.map { $0 / length }) }
        }
        return basis
    }

    private static func signed(_ direction: [RowMatrix.Lanes]) -> [RowMatrix.Lanes] {
        var largest = 0.0
        for lanes in direction {
            for index in lanes.indices where abs(lanes[index]) > abs(largest) { largest = lanes[index] }
        }
        return largest < 0 ? direction.map { -$0 } : direction
    }

    private static func dot(_ first: [RowMatrix.Lanes], _ second: [RowMatrix.Lanes]) -> Double {
        var sum = RowMatrix.Lanes.zero
        for index in first.indices { sum += first[index] * second[index] }
        return sum.sum()
    }

    private static func combine(_ vectors: [[RowMatrix.Lanes]], _ factors: [Double]) -> [RowMatrix.Lanes] {
        var sum = [RowMatrix.Lanes](repeating: .zero, count: vectors[0].count)
        for (vector, factor) in zip(vectors, factors) {
            for index in sum.indices { sum[index] += vector[index] * factor }
        }
        return sum
    }
}

/// Rows less their mean.
private struct Centred {
    let table: RowMatrix

    init(_ table: RowMatrix) {
        let centred = RowMatrix(rows: table.rows, columns: table.columns)
        var mean = [RowMatrix.Lanes](repeating: .zero, count: table.width)
        for row in 0..<table.rows {
            let lanes = table.lanes(row)
            for index in mean.indices { mean[index] += lanes[index] }
        }
        for index in mean.indices { mean[index] /= Double(table.rows) }
        for row in 0..<table.rows {
            let source = table.lanes(row), target = centred.lanes(row)
            for index in mean.indices { target[index] = source[index] - mean[index] }
        }
        self.table = centred
    }

    /// Σ row·(rowᵀ·direction).
    func image(of direction: [RowMatrix.Lanes]) -> [RowMatrix.Lanes] {
        var image = [RowMatrix.Lanes](repeating: .zero, count: table.width)
        for row in 0..<table.rows {
            let share = table.product(row, direction), lanes = table.lanes(row)
            for index in image.indices { image[index] += share * lanes[index] }
        }
        return image
    }
}

extension RowMatrix {
    fileprivate func squaredLength(_ row: Int) -> Double {
        var sum = Lanes.zero
        for value in lanes(row) { sum += value * value }
        return sum.sum()
    }
}

/// Small symmetric matrices.
package enum SymmetricMatrix {
    /// The eigenvalues, the largest first, and their eigenvectors, by Jacobi's rotations. Of `matrix` the upper half is read.
    package static func eigen(_ matrix: [[Double]]) -> (values: [Double], vectors: [[Double]]) {
        let size = matrix.count
        var a = matrix.indices.map { row in matrix.indices.map { matrix[min(row, $0)][max(row, $0)] } }
        // Rows are the vectors.
        var vectors = matrix.indices.map { row in matrix.indices.map { $0 == row ? 1.0 : 0 } }
        // Rotations converge quadratically: some ten rounds are enough for any matrix.
        for _ in 0..<64 {
            var isDiagonal = true
            for p in 0..<size {
                for q in (p + 1)..<max(size, p + 1) where abs(a[p][q]) > 1e-300 {
                    if abs(a[p][q]) > 1e-17 * (abs(a[p][p]) + abs(a[q][q])) { isDiagonal = false }
                    rotate(&a, &vectors, p, q)
                }
            }
            if isDiagonal { break }
        }
        let order = a.indices.sorted { (-a[$0][$0], $0) < (-a[$1][$1], $1) }
        return (order.map { a[$0][$0] }, order.map { vectors[$0] })
    }

    /// Turns the plane of `p` and `q` so that their common element vanishes.
    private static func rotate(_ a: inout [[Double]], _ vectors: inout [[Double]], _ p: Int, _ q: Int) {
        let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
        let tangent = (theta < 0 ? -1.0 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
        let cosine = 1 / (tangent * tangent + 1).squareRoot(), sine = tangent * cosine
        func turn(_ first: inout Double, _ second: inout Double) {
            (first, second) = (cosine * first - sine * second, sine * first + cosine * second)
        }
        for k in a.indices {
            var (first, second) = (a[k][p], a[k][q])
            turn(&first, &second)
            (a[k][p], a[k][q]) = (first, second)
        }
        for k in a.indices {
            var (first, second) = (a[p][k], a[q][k])
            turn(&first, &second)
            (a[p][k], a[q][k]) = (first, second)
            (first, second) = (vectors[p][k], vectors[q][k])
            turn(&first, &second)
            (vectors[p][k], vectors[q][k]) = (first, second)
        }
    }
}
