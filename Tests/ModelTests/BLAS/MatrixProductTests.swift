import Model
import Testing

@Suite("Matrix products")
struct MatrixProductTests {
    static func values(_ count: Int, _ stream: UInt64) -> [Float] {
        var generator = Philox(key: 11, stream: stream)
        return (0..<count).map { _ in Float(generator.uniform()) - 0.5 }
    }

    @Test(
        "agree with sums in double precision",
        arguments: [(1, 64, 64), (5, 172, 64), (16, 64, 172), (37, 576, 192), (130, 300, 7)])
    func oracle(M: Int, K: Int, N: Int) throws {
        let product = try MatrixProduct(pool: WorkerPool(threads: 2))
        let x = Self.values(M * K, 1), w = Self.values(N * K, 2), g = Self.values(M * N, 3)
        var y = [Float](repeating: 9, count: M * N), dx = [Float](repeating: 0, count: M * K)
        var dw = [Float](repeating: 1, count: N * K)
        product.forward(x, w, &y, rows: M, inFeatures: K, outFeatures: N)
        product.inputGradient(g, w, &dx, rows: M, inFeatures: K, outFeatures: N)
        product.weightGradient(g, x, &dw, rows: M, inFeatures: K, outFeatures: N)
        // A dot product of n terms, each at most 1/4: n roundings of the running sum.
        func bound(_ n: Int) -> Double { Double(n) * Double(Float.ulpOfOne) * Double(n) / 4 }
        for m in 0..<M {
            for n in 0..<N {
                let exact = (0..<K).reduce(0.0) { $0 + Double(x[m * K + $1]) * Double(w[n * K + $1]) }
                #expect(abs(Double(y[m * N + n]) - exact) <= bound(K))
            }
            for k in 0..<K {
                let exact = (0..<N).reduce(0.0) { $0 + Double(g[m * N + $1]) * Double(w[$1 * K + k]) }
                #expect(abs(Double(dx[m * K + k]) - exact) <= bound(N))
            }
        }
        for n in 0..<N {
            for k in 0..<K {
                let exact = (0..<M).reduce(1.0) { $0 + Double(g[$1 * N + n]) * Double(x[$1 * K + k]) }
                #expect(abs(Double(dw[n * K + k]) - exact) <= bound(M + 8))
            }
        }
    }

    @Test(
        "a row does not depend on the rows beside it",
        arguments: [(64, 64), (172, 64), (64, 172), (576, 960), (576, 3072), (1536, 576), (576, 1000)])
    func rowsAreIndependent(K: Int, N: Int) throws {
        let product = try MatrixProduct(pool: WorkerPool(threads: 2))
        let most = 290
        let x = Self.values(most * K, 4), w = Self.values(N * K, 5)
        var whole = [Float](repeating: 0, count: most * N)
        product.forward(x, w, &whole, rows: most, inFeatures: K, outFeatures: N)
        for (start, rows) in [
            (0, 1), (3, 1), (289, 1), (5, 2), (1, 15), (7, 16), (2, 17), (40, 33), (11, 257), (0, 289),
        ] {
            var part = [Float](repeating: 0, count: rows * N)
            Array(x[(start * K)...]).withUnsafeBufferPointer {
                product.forward($0.baseAddress!, w, &part, rows: rows, inFeatures: K, outFeatures: N)
            }
            #expect(part[...] == whole[(start * N)..<((start + rows) * N)], "\(rows) rows from \(start)")
        }
    }

    @Test("do not depend on the number of threads")
    func threads() throws {
        let M = 150, K = 576, N = 700
        let x = Self.values(M * K, 6), w = Self.values(N * K, 7), g = Self.values(M * N, 8)
        var results: [[Float]] = []
        for threads in [1, 2, 5] {
            let product = try MatrixProduct(pool: WorkerPool(threads: threads))
            var y = [Float](repeating: 0, count: M * N + M * K + N * K)
            y.withUnsafeMutableBufferPointer {
                let base = $0.baseAddress!
                product.forward(x, w, base, rows: M, inFeatures: K, outFeatures: N)
                product.inputGradient(g, w, base + M * N, rows: M, inFeatures: K, outFeatures: N)
                product.weightGradient(g, x, base + M * N + M * K, rows: M, inFeatures: K, outFeatures: N)
            }
            results.append(y)
        }
        #expect(results[0] == results[1])
        #expect(results[0] == results[2])
    }
}
