import CKernels
import Testing

@Suite("The linear kernel")
struct LinearKernelTests {
    @Test(
        "gives every element the bits of sixteen chains added pairwise, whatever the tile",
        arguments: [(1, 16, 1), (3, 40, 7), (4, 64, 6), (5, 172, 13), (9, 33, 25), (2, 5, 3)])
    func bits(M: Int, K: Int, N: Int) {
        let x = MatrixProductTests.values(M * K, 21), w = MatrixProductTests.values(N * K, 22)
        let stride = N + 2
        var y = [Float](repeating: 7, count: M * stride)
        kernel_linear(x, w, &y, M, K, N, stride)
        var fused = 0, separate = 0
        for m in 0..<M {
            for n in 0..<N {
                if y[m * stride + n] == Self.element(x[(m * K)..<(m * K + K)], w[(n * K)..<(n * K + K)], fuses: true)
                {
                    fused += 1
                }
                if y[m * stride + n] == Self.element(x[(m * K)..<(m * K + K)], w[(n * K)..<(n * K + K)], fuses: false)
                {
                    separate += 1
                }
            }
            // Nothing is written between the rows.
            #expect(y[(m * stride + N)..<(m * stride + stride)].allSatisfy { $0 == 7 })
        }
        // Only a CPU without fused multiply-add rounds products by themselves.
        #expect(max(fused, separate) == M * N)
    }

    static func element(_ x: ArraySlice<Float>, _ w: ArraySlice<Float>, fuses: Bool) -> Float {
        var lanes = [Float](repeating: 0, count: 16)
        for (k, (a, b)) in zip(x, w).enumerated() {
            lanes[k % 16] = fuses ? lanes[k % 16].addingProduct(a, b) : lanes[k % 16] + a * b
        }
        for width in [8, 4, 2, 1] {
            for lane in 0..<width { lanes[lane] += lanes[lane + width] }
        }
        return lanes[0]
    }
}
