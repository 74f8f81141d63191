import CKernels
import Model
import Testing

/// Factors of eight bits in the terms of this file, apart from the kernels.
struct QuantizedBlock {
    var scale: Float
    var numbers: [Int]

    /// Of at most 32 values.
    /// - Parameter isWeight: a weight's scale is kept in bfloat16.
    init(_ values: some Collection<Float>, isWeight: Bool = true) {
        guard values.allSatisfy(\.isFinite) else {
            scale = .nan
            numbers = values.map { _ in 0 }
            return
        }
        let largest = values.map(\.magnitude).max() ?? 0, step = largest / 127
        let scale = isWeight ? BFloat16.nearest(step) : step < .leastNormalMagnitude ? 0 : step
        self.scale = scale
        let inverse = 1 / scale
        numbers = values.map { scale == 0 ? 0 : Int(($0 * inverse).rounded(.toNearestOrEven)) }
    }

    var values: [Float] { numbers.map { scale * Float($0) } }

    /// The products of the numbers, summed exactly.
    static func * (left: Self, right: Self) -> Float {
        Float(zip(left.numbers, right.numbers).reduce(0) { $0 + $1.0 * $1.1 })
    }
}

@Suite("The kernels of eight-bit products")
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

    static func blocks(_ values: [Float], depth: Int, areWeights: Bool = true) -> [[QuantizedBlock]] {
        stride(from: 0, to: values.count, by: depth).map { row in
            stride(from: 0, to: depth, by: 32).map { first in
                QuantizedBlock(values[(row + first)..<(row + min(first + 32, depth))], isWeight: areWeights)
            }
        }
    }

    static func quantized(_ weights: [Float], depth: Int) -> [UInt8] {
        quantized(weights, rows: weights.count / depth, depth: depth)
    }

    static func quantized(_ weights: [Float], rows: Int, depth: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 7, count: kernel_quantized_bytes(depth, rows))
        kernel_quantized_of_columns(weights, depth, &bytes, depth, rows)
        return bytes
    }

    static func rubbish(_ count: Int) -> [kernel_quantized_block] {
        var block = kernel_quantized_block()
        withUnsafeMutableBytes(of: &block) { bytes in
            for index in bytes.indices { bytes[index] = 7 }
        }
        return Array(repeating: block, count: count)
    }

    /// Bytes of a block.
    static func bytes(_ block: kernel_quantized_block) -> [UInt8] { withUnsafeBytes(of: block, Array.init) }

    static func numbers(_ block: kernel_quantized_block) -> [Int] {
        withUnsafeBytes(of: block.numbers) { $0.map { Int(Int8(bitPattern: $0)) } }
    }

    /// A left factor, its rows one block further apart than they need.
    static func quantizedRows(
        _ values: [Float], rows: Int, depth: Int
    ) -> (blocks: [kernel_quantized_block], stride: Int) {
        let stride = (depth + 31) / 32 + 1
        var blocks = rubbish(rows * stride)
        kernel_quantized_rows(values, depth, &blocks, stride, rows, depth)
        return (blocks, stride)
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
                    // Half, and what a magnitude of up to 127.25 scales loses by two roundings.
                    #expect(Double((value - weight).magnitude) <= (0.5 + 127.25 * 0x1p-23) * Double(block.scale))
                }
            }
        }
        // What was quantised once is not changed by it again.
        #expect(Self.values(Self.quantized(found, depth: depth), rows: rows, depth: depth) == found)
    }

    @Test("rows hold whole numbers, a scale, and what their sums begin with", arguments: [1, 31, 32, 33, 70, 576])
    func rows(depth: Int) {
        let rows = 5, values = Self.weights(rows, depth)
        let (found, stride) = Self.quantizedRows(values, rows: rows, depth: depth)
        let expected = Self.blocks(values, depth: depth, areWeights: false)
        for (row, blocks) in expected.enumerated() {
            for (place, block) in blocks.enumerated() {
                let found = found[row * stride + place]
                #expect(Self.numbers(found) == block.numbers + Array(repeating: 0, count: 32 - block.numbers.count))
                #expect(found.scale == block.scale)
                #expect(Int(found.start) == -128 * block.numbers.reduce(0, +))
            }
            // Nothing is written between the rows.
            #expect(Self.bytes(found[row * stride + blocks.count]).allSatisfy { $0 == 7 })
        }
    }

    @Test(
        "rows make no number of a block that holds one that is not finite",
        arguments: [Float.infinity, -.infinity, .nan])
    func rowsNotFinite(odd: Float) {
        var values = MatrixProductTests.values(80, 54)
        values[40] = odd
        let found = Self.quantizedRows(values, rows: 1, depth: 80).blocks
        #expect(found.prefix(3).map(\.scale.isNaN) == [false, true, false])
        #expect(found[1].start == 0)
        #expect(Self.numbers(found[1]).allSatisfy { $0 == 0 })
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
        "sum each block exactly, with any of the processor's instructions, whatever the rows",
        arguments: [(1, 64, 64), (2, 63, 65), (3, 1, 1), (4, 33, 130), (5, 70, 63), (6, 577, 40), (7, 96, 64)]
            + [(13, 801, 100), (130, 100, 70)])
    func bits(M: Int, K: Int, N: Int) {
        let weights = Self.weights(N, K)
        // The product of two huge scales would be none.
        let x = Self.weights(M, K).map { $0.magnitude > 1e30 ? $0 / 1e38 : $0 }
        let blocks = Self.blocks(weights, depth: K), rows = Self.blocks(x, depth: K, areWeights: false)
        let bytes = Self.quantized(weights, depth: K), stride = N + 3
        let (left, leftStride) = Self.quantizedRows(x, rows: M, depth: K)
        for product in [kernel_quantized_product, kernel_quantized_product_narrow, kernel_quantized_product_plain] {
            var found = [Float](repeating: 7, count: M * stride)
            product(M, N, K, left, leftStride, bytes, &found, stride)
            for m in 0..<M {
                for n in 0..<N {
                    let total = zip(rows[m], blocks[n]).reduce(Float(0)) { total, block in
                        total.addingProduct(block.0 * block.1, block.0.scale * block.1.scale)
                    }
                    #expect(found[m * stride + n] == total)
                }
                // Nothing is written between the rows.
                #expect(found[(m * stride + N)..<(m * stride + stride)].allSatisfy { $0 == 7 })
            }
        }
    }

    @Test(
        "give no number where a factor's row holds one that is not finite, and nowhere else",
        arguments: [Float.infinity, -.infinity, .nan])
    func products(odd: Float) {
        let M = 3, K = 70, N = 66
        var x = MatrixProductTests.values(M * K, 55), weights = MatrixProductTests.values(N * K, 56)
        x[K + 40] = odd
        weights[65 * K + 3] = odd
        let (left, leftStride) = Self.quantizedRows(x, rows: M, depth: K), bytes = Self.quantized(weights, depth: K)
        for product in [kernel_quantized_product, kernel_quantized_product_narrow, kernel_quantized_product_plain] {
            var found = [Float](repeating: 7, count: M * N)
            product(M, N, K, left, leftStride, bytes, &found, N)
            for (index, value) in found.enumerated() { #expect(value.isNaN == (index / N == 1 || index % N == 65)) }
        }
    }

    @Test("a product is cut by rows and panels without a change", arguments: [(130, 70, 2_100), (1, 33, 2_048)])
    func cut(M: Int, K: Int, N: Int) throws {
        let x = MatrixProductTests.values(M * K, 57), weights = MatrixProductTests.values(N * K, 58)
        let (left, leftStride) = Self.quantizedRows(x, rows: M, depth: K)
        var whole = [Float](repeating: 7, count: M * N)
        kernel_quantized_product(M, N, K, left, leftStride, Self.quantized(weights, depth: K), &whole, N)
        for threads in [1, 2, 5] {
            let fixture = try ProductFixture(
                weights, inFeatures: K, precision: .bfloat16, format: .quantized, threads: threads)
            #expect(fixture.forward(x) == whole, "\(threads) threads")
        }
    }
}
