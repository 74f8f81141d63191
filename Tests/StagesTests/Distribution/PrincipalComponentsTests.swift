import Foundation
import Model
import Stages
import Testing

@Suite("Principal components")
struct PrincipalComponentsTests {
    private func components(_ vectors: [[Double]], threads: Int = 1) -> PrincipalComponents {
        PrincipalComponents(RowMatrix(vectors), WorkerPool(threads: threads))
    }

    @Test("five points in four dimensions as numpy's eigh has them, with the sign of the largest coefficient")
    func independentValues() throws {
        let found = components([[2, 0, 1, 0], [0, 1, 3, 1], [4, 1, 0, 2], [1, 5, 2, 0], [3, 2, 2, 7]])
        let first = [
            -1.6910992739612565, -1.5808639189486087, 0.7947581527093224, -2.513184539290112, 4.990389579490655,
        ]
        let second = [
            -2.144715084128399, 0.4183811375296489, -2.0199313984670133, 2.6727914927787353, 1.0734738522870282,
        ]
        for (place, (x, y)) in zip(found.scores, zip(first, second)) {
            #expect(abs(place.x - x) < 1e-9 && abs(place.y - y) < 1e-9)
        }
        let explained = try #require(found.explained)
        #expect(abs(explained.x - 0.5814167607740555) < 1e-12 && abs(explained.y - 0.2679863890352456) < 1e-12)
    }

    @Test("many more dimensions than points, and the other way round: the plane that was planted is found")
    func plantedPlane() throws {
        for (count, width) in [(7, 300), (300, 7), (40, 40)] {
            var generator = Philox(key: UInt64(count))
            let vectors = (0..<count).map { index in
                (0..<width).map { column in
                    let noise = 1e-3 * (generator.uniform() - 0.5)
                    return noise + (column == 2 ? Double(index) : column == 5 ? 0.3 * Double(index * index % 11) : 0)
                }
            }
            let found = components(vectors), center = Double(count - 1) / 2
            for (index, place) in found.scores.enumerated() where count != 7 {
                // Along the first planted axis but for the little that the second correlates with it.
                #expect(abs(place.x - (Double(index) - center)) < 0.1 * center)
            }
            let explained = try #require(found.explained)
            #expect(explained.x + explained.y > 0.9999 && explained.x > explained.y)
            #expect(components(vectors, threads: 2).scores == found.scores)
        }
    }

    @Test("points on a line have no second component, equal points none, and one or none is where it is")
    func degenerate() throws {
        let line = components((0..<6).map { [Double($0), 2 * Double($0), 0] })
        #expect(line.scores.allSatisfy { $0.y == 0 } && line.explained?.y == 0)
        #expect(abs(try #require(line.explained).x - 1) < 1e-12)
        #expect(line.scores[5].x > 0)
        let equal = components([[Double]](repeating: [0.25, -3, 1], count: 4))
        #expect(equal.scores == [SIMD2<Double>](repeating: .zero, count: 4) && equal.explained == nil)
        #expect(components([[1, 2]]).scores == [.zero])
        #expect(components([]).scores.isEmpty)
        let two = components([[0, 0], [3, 4]]).scores
        #expect(abs(two[0].x + 2.5) < 1e-12 && abs(two[1].x - 2.5) < 1e-12 && two.allSatisfy { $0.y == 0 })
    }

    @Test("Jacobi's rotations give numpy's eigenvalues, and vectors at right angles")
    func jacobi() {
        let matrix = [[4, 1, -2], [1, 3, 0.5], [-2, 0.5, 1]]
        let (values, vectors) = SymmetricMatrix.eigen(matrix)
        for (value, expected) in zip(values, [5.21795578, 3.03465414, -0.25260992]) {
            #expect(abs(value - expected) < 1e-8)
        }
        for (value, vector) in zip(values, vectors) {
            for (row, component) in zip(matrix, vector) {
                let product = zip(row, vector).map(*).reduce(0, +)
                #expect(abs(product - value * component) < 1e-12)
            }
        }
        #expect(SymmetricMatrix.eigen([]).values.isEmpty)
        #expect(SymmetricMatrix.eigen([[7]]).values == [7])
    }
}
