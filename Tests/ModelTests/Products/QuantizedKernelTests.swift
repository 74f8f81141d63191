import CKernels
import Testing

/// Weights of eight bits in the terms of this file, apart from the kernels.
struct QuantizedBlock {
    var scale: Float
    var numbers: [Int]

    /// Of at most 32 values.
    init(_ values: some Collection<Float>) {
        guard values.allSatisfy(\.isFinite) else {
            scale = .nan
            numbers = values.map { _ in 0 }
            return
        }
        let largest = values.map(\.magnitude).max() ?? 0, scale = BFloat16.nearest(largest / 127)
        self.scale = scale
        numbers = values.map { scale == 0 ? 0 : Int(($0 / scale).rounded(.toNearestOrEven)) }
    }

    var values: [Float] { numbers.map { scale * Float($0) } }
}

@Suite("The kernels of eight-bit weights")
struct QuantizedKernelTests {
    /// Rows of `depth` weights of every size, with blocks of zeros, of subnormal and of huge ones.
    static func weights(_ rows: Int, _ depth: Int) -> [Float] {
        var values = MatrixProductTests.values(rows * depth, 51)
        for index in values.indices {
            switch index / 32 % 7 {
            case 1: values[index] = 0
            case 2: values[index] *= 0x1p-130
            case 3: values[index] *= 3e38
            case 4: values[index] *= 1e-36
            default: break
            }
        }
        return values
    }

    static func blocks(_ weights: [Float], depth: Int) -> [[QuantizedBlock]] {
        stride(from: 0, to: weights.count, by: depth).map { row in
            stride(from: 0, to: depth, by: 32).map { first in
                QuantizedBlock(weights[(row + first)..<(row + min(first + 32, depth))])
            }
        }
    }

    static func quantized(_ weights: [Float], depth: Int) -> [UInt8] {
        let rows = weights.count / depth
        var bytes = [UInt8](repeating: 7, count: kernel_quantized_bytes(depth, rows))
        kernel_quantized_of_columns(weights, depth, &bytes, depth, rows)
        return bytes
    }

    static func values(_ bytes: [UInt8], rows: Int, depth: Int) -> [Float] {
        var values = [Float](repeating: 7, count: rows * depth)
        kernel_values_of_quantized(bytes, &values, depth, depth, rows)
        return values
    }

    @Test("hold whole numbers times a scale, half a scale off at most", arguments: [1, 31, 32, 33, 70, 576])
    func rounding(depth: Int) {
        let rows = 67, weights = Self.weights(rows, depth)
        let found = Self.values(Self.quantized(weights, depth: depth), rows: rows, depth: depth)
        let blocks = Self.blocks(weights, depth: depth)
        #expect(found == blocks.flatMap { $0.flatMap(\.values) })
        for (row, blocks) in blocks.enumerated() {
            for (place, block) in blocks.enumerated() where block.scale > 0 {
                #expect(block.numbers.map(abs).max() == 127)
                for (index, value) in block.values.enumerated() {
                    let weight = weights[row * depth + place * 32 + index]
                    #expect(Double((value - weight).magnitude) <= 0.5 * Double(block.scale) * (1 + 0x1p-16))
                }
            }
        }
        // What was quantised once is not changed by it again.
        #expect(Self.values(Self.quantized(found, depth: depth), rows: rows, depth: depth) == found)
    }

    @Test(
        "make no number of a block that holds one that is not finite", arguments: [Float.infinity, -.infinity, .nan])
    func notFinite(odd: Float) {
        let depth = 80
        var weights = MatrixProductTests.values(2 * depth, 52)
        weights[40] = odd
        let found = Self.values(Self.quantized(weights, depth: depth), rows: 2, depth: depth)
        for (index, value) in found.enumerated() { #expect(value.isNaN == (32..<64).contains(index)) }
    }

    @Test(
        "sum each block by itself, with the processor's instructions and without, whatever the rows",
        arguments: [(1, 64, 64), (2, 63, 65), (3, 1, 1), (4, 33, 130), (5, 70, 63), (6, 577, 40), (7, 96, 64)]
            + [(13, 801, 100), (130, 100, 70)])
    func bits(M: Int, K: Int, N: Int) {
        let weights = Self.weights(N, K).map { $0.magnitude > 1e30 ? $0 / 1e20 : $0 }
        let x = MatrixProductTests.values(M * K, 53), blocks = Self.blocks(weights, depth: K)
        let bytes = Self.quantized(weights, depth: K), pairs = kernel_pairs(K), stride = N + 3
        var left = [UInt32](repeating: 0, count: M * pairs)
        kernel_pairs_of_rows(x, K, &left, pairs, M, K)
        var fast = [Float](repeating: 7, count: M * stride), plain = fast
        kernel_quantized_product(M, N, K, left, pairs, bytes, &fast, stride)
        kernel_quantized_product_plain(M, N, K, left, pairs, bytes, &plain, stride)
        #expect(fast == plain)
        for m in 0..<M {
            for n in 0..<N {
                var total: Float = 0
                for (place, block) in blocks[n].enumerated() {
                    var sum: Float = 0
                    for pair in 0..<((block.numbers.count + 1) / 2) {
                        let a = BFloat16.factors(left[m * pairs + place * 16 + pair])
                        let later = 2 * pair + 1 < block.numbers.count ? block.numbers[2 * pair + 1] : 0
                        sum += a.later * Float(later)
                        sum += a.earlier * Float(block.numbers[2 * pair])
                    }
                    let scaled = sum * block.scale
                    total += scaled
                }
                #expect(fast[m * stride + n] == total)
            }
            // Nothing is written between the rows.
            #expect(fast[(m * stride + N)..<(m * stride + stride)].allSatisfy { $0 == 7 })
        }
    }
}
