import Foundation
import Model
import Stages
import Testing

@Suite("t-SNE")
struct TSNETests {
    private let pool = WorkerPool(threads: 2)

    private func probabilities(_ vectors: [[Double]], _ perplexity: Double) -> NeighbourProbabilities {
        NeighbourProbabilities(
            squaredDistances: RowMatrix(vectors).squaredDistances(pool), perplexity: perplexity, pool)
    }

    private func layout(
        _ vectors: [[Double]], perplexity: Double, threads: Int = 2, _ change: (inout TSNE.Options) -> Void = { _ in }
    ) -> TSNE {
        let pool = WorkerPool(threads: threads)
        var options = TSNE.Options()
        change(&options)
        var tsne = TSNE(
            probabilities(vectors, perplexity),
            places: TSNE.start(from: PrincipalComponents(RowMatrix(vectors), pool).scores), options: options, pool)
        tsne.run { _ in }
        return tsne
    }

    private static func normal(_ count: Int, _ width: Int, key: UInt64) -> [[Double]] {
        var generator = Philox(key: key)
        // The sum of twelve uniform numbers is nearly normal.
        func draw() -> Double {
            var sum = -6.0
            for _ in 0..<12 { sum += generator.uniform() }
            return sum
        }
        return (0..<count).map { _ in (0..<width).map { _ in draw() } }
    }

    // MARK: Probabilities

    @Test("four points on a line as root finding in scipy has them")
    func independentProbabilities() {
        let joint = probabilities([[0], [1], [3], [7]], 2).joint
        let expected = [
            [0, 0.15750062623957922, 0.06944854028677368, 0.009721411565951566],
            [0.15750062623957922, 0, 0.1409372847581167, 0.022197396221569476],
            [0.06944854028677368, 0.1409372847581167, 0, 0.10019474092800933],
            [0.009721411565951566, 0.022197396221569476, 0.10019474092800933, 0],
        ]
        for row in 0..<4 {
            for column in 0..<4 { #expect(abs(joint[row, column] - expected[row][column]) < 1e-8) }
        }
    }

    @Test(
        "every point has the perplexity that was asked for, at any scale", arguments: [1e-6, 1, 1e6],
        [1.0, 5, 30, 58.9])
    func perplexity(scale: Double, target: Double) {
        let vectors = Self.normal(60, 5, key: 3).map { $0.map { $0 * scale } }
        let found = probabilities(vectors, target)
        // Of one neighbour, the distribution can only come near; of all but none, it is flat.
        #expect(found.perplexities.allSatisfy { abs($0 - target) < 1e-3 * target }, "\(found.perplexities)")
        var sum = 0.0
        for row in 0..<60 {
            for column in 0..<60 { sum += found.joint[row, column] }
        }
        #expect(abs(sum - 1) < 1e-12)
    }

    @Test("equal points share their neighbourhood evenly, whatever is asked, and give no number that is none")
    func equalPoints() {
        let found = probabilities([[Double]](repeating: [1, 2], count: 6), 2)
        for row in 0..<6 {
            for column in 0..<6 { #expect(abs(found.joint[row, column] - (row == column ? 0 : 1 / 30.0)) < 1e-15) }
        }
        #expect(found.perplexities.allSatisfy { abs($0 - 5) < 1e-9 })
    }

    // MARK: Layout

    @Test("the gradient is what the divergence changes by", arguments: [3, 8, 9, 23])
    func gradient(count: Int) {
        let vectors = Self.normal(count, 4, key: UInt64(count))
        let probabilities = probabilities(vectors, Double(count - 1) / 2)
        let places = Self.normal(count, 2, key: 99).map { SIMD2($0[0], $0[1]) }
        func tsne(_ places: [SIMD2<Double>]) -> TSNE {
            TSNE(probabilities, places: places, options: TSNE.Options(), pool)
        }
        let gradient = tsne(places).gradient(exaggeration: 1), step = 1e-5
        for point in 0..<count {
            for axis in 0..<2 {
                var (above, below) = (places, places)
                above[point][axis] += step
                below[point][axis] -= step
                let slope = (tsne(above).divergence() - tsne(below).divergence()) / (2 * step)
                // Rounding of the divergence over the step, and the third derivative times its square.
                #expect(abs(slope - gradient[point][axis]) < 1e-8, "point \(point), axis \(axis)")
            }
        }
    }

    @Test("three clusters far apart stay three: every point's nearest on the map is of its own")
    func clusters() {
        let noise = Self.normal(90, 10, key: 5)
        let vectors = noise.indices.map { index in
            noise[index].enumerated().map { $0 == index % 3 ? $1 + 20 : $1 }
        }
        let tsne = layout(vectors, perplexity: 10), places = tsne.layout
        for (index, place) in places.enumerated() {
            func distance(_ other: Int) -> Double { ((places[other] - place) * (places[other] - place)).sum() }
            let nearest = places.indices.filter { $0 != index }.min { distance($0) < distance($1) }
            #expect(nearest.map { $0 % 3 } == index % 3)
        }
        #expect(tsne.divergence() > 0 && tsne.divergence() < 1)
        #expect(layout(vectors, perplexity: 10, threads: 1).layout == places)
    }

    @Test("few points, equal points and pairs of equal ones have finite places", arguments: [2, 3, 5, 8, 17])
    func small(count: Int) {
        let cases = [
            Self.normal(count, 3, key: 1), [[Double]](repeating: [1, 0], count: count),
            (0..<count).map { [Double($0 / 2), 1] },
        ]
        for vectors in cases {
            let tsne = layout(vectors, perplexity: max(1, Double(count - 1) / 3)) { $0.iterations = 300 }
            #expect(tsne.layout.count == count && tsne.layout.allSatisfy { $0.x.isFinite && $0.y.isFinite })
            #expect(tsne.divergence().isFinite && tsne.divergence() > -1e-9)
        }
    }
}
