import CKernels
import Foundation
import Model
import Testing

/// Each kernel against its formula in double precision, and its backward against differences of that formula. Sizes
/// include one, and odd ones that leave a part of a vector over.
@Suite("Row kernels")
struct RowKernelTests {
    let kernels = RowKernels(pool: WorkerPool(threads: 2))
    static let shapes = [(1, 1), (1, 7), (3, 16), (17, 33), (5, 100)]

    /// What a product takes in, in blocks of two rows.
    static func blocks(_ factor: FactorRows, rows: Int, width: Int) -> [Float] {
        var scratch = [Float](repeating: 9, count: 2 * width)
        return stride(from: 0, to: rows, by: 2).flatMap { first in
            let count = min(2, rows - first)
            return scratch.withUnsafeMutableBufferPointer { scratch in
                Array(
                    UnsafeBufferPointer(
                        start: factor.rows(
                            from: first, count: count, width: width, scratch: scratch.baseAddress!),
                        count: count * width))
            }
        }
    }

    static func rmsNorm(_ x: [Double], _ weight: [Double], epsilon: Double) -> [Double] {
        let width = weight.count
        return x.indices.map { index in
            let row = index / width * width
            let mean = x[row..<(row + width)].reduce(0) { $0 + $1 * $1 } / Double(width)
            return x[index] / (mean + epsilon).squareRoot() * weight[index - row]
        }
    }

    @Test("RMSNorm and its gradients", arguments: shapes)
    func rmsNorm(rows: Int, width: Int) {
        let x = Oracle.values(rows * width, 1), weight = Oracle.values(width, 2), dy = Oracle.values(rows * width, 3)
        let w = weight.map(Double.init), epsilon = 1e-5
        var inverse = [Float](repeating: 0, count: rows)
        let y = x.withUnsafeBufferPointer { x in
            inverse.withUnsafeMutableBufferPointer { inverse in
                Self.blocks(
                    kernels.rmsNormed(
                        x.baseAddress!, weight: weight, inverse: inverse.baseAddress, width: width, epsilon: epsilon),
                    rows: rows, width: width)
            }
        }
        Oracle.expect(y, near: Self.rmsNorm(x.map(Double.init), w, epsilon: epsilon), terms: width + 8)

        // Backward adds: it starts from one everywhere.
        var dx = [Float](repeating: 1, count: x.count), dw = [Float](repeating: 1, count: width)
        kernels.rmsNormBackward(
            x, weight: weight, inverse: inverse, outputGradient: dy, inputGradient: &dx, weightGradient: &dw,
            rows: rows, width: width)
        let exactX = Oracle.gradient(x, upstream: dy) { Self.rmsNorm($0, w, epsilon: epsilon) }
        let exactW = Oracle.gradient(weight, upstream: dy) {
            Self.rmsNorm(x.map(Double.init), $0, epsilon: epsilon)
        }
        Oracle.expect(dx, near: exactX.map { 1 + $0 }, terms: 4 * (width + 8), scale: Double(inverse.max() ?? 1))
        Oracle.expect(dw, near: exactW.map { 1 + $0 }, terms: 4 * (rows + 8), scale: 4)
    }

    static func swiGLU(_ gateUp: [Double], rows: Int, width: Int) -> [Double] {
        (0..<(rows * width)).map { index in
            let row = index / width, gate = gateUp[2 * row * width + index % width]
            return gate / (1 + exp(-gate)) * gateUp[2 * row * width + width + index % width]
        }
    }

    @Test("SwiGLU and its gradient", arguments: shapes)
    func swiGLU(rows: Int, width: Int) {
        let x = Oracle.values(2 * rows * width, 4, scale: 12), dy = Oracle.values(rows * width, 5)
        let (y, dx) = x.withUnsafeBufferPointer { x in
            dy.withUnsafeBufferPointer { dy in
                (
                    Self.blocks(kernels.swiGLU(x.baseAddress!, width: width), rows: rows, width: width),
                    Self.blocks(
                        kernels.swiGLUGradient(x.baseAddress!, outputGradient: dy.baseAddress!, width: width),
                        rows: rows, width: 2 * width)
                )
            }
        }
        Oracle.expect(y, near: Self.swiGLU(x.map(Double.init), rows: rows, width: width), terms: 8)
        let exact = Oracle.gradient(x, upstream: dy) { Self.swiGLU($0, rows: rows, width: width) }
        Oracle.expect(dx, near: exact, terms: 16, scale: 8)
    }

    static func rotate(_ x: [Double], positions: [Int], stride: Int, heads: Int, size: Int, theta: Double) -> [Double]
    {
        var result = x
        for (row, position) in positions.enumerated() {
            for head in 0..<heads {
                for j in 0..<(size / 2) {
                    let angle = Double(position) * pow(theta, -2 * Double(j) / Double(size))
                    let first = row * stride + head * size + j, second = first + size / 2
                    result[first] = x[first] * cos(angle) - x[second] * sin(angle)
                    result[second] = x[second] * cos(angle) + x[first] * sin(angle)
                }
            }
        }
        return result
    }

    @Test("rotary positions turn half-split pairs, and gradients back", arguments: [(1, 2), (2, 6), (3, 64)])
    func rotary(heads: Int, size: Int) {
        let positions = [0, 5, 3, 999], stride = heads * size + 3
        let table = RotaryTable(positions: 1000, headSize: size, theta: 10_000)
        let x = Oracle.values(positions.count * stride, 6), dy = Oracle.values(x.count, 7)
        let places = positions.map(Int32.init)
        var y = x, gradient = dy
        func oracle(_ values: [Double]) -> [Double] {
            Self.rotate(values, positions: positions, stride: stride, heads: heads, size: size, theta: 10_000)
        }
        kernels.rotate(&y, positions: places, table: table, rows: positions.count, stride: stride, heads: heads)
        Oracle.expect(y, near: oracle(x.map(Double.init)), terms: 4)
        let dx = gradient.withUnsafeMutableBufferPointer {
            Self.blocks(
                kernels.turnedBack(
                    $0.baseAddress!, positions: places, table: table, stride: stride, heads: heads),
                rows: positions.count, width: stride)
        }
        // Where they stood, too: the product's factor is what remains.
        #expect(gradient == dx)
        Oracle.expect(dx, near: Oracle.gradient(x, upstream: dy, oracle), terms: 4)
    }

    static func softmax(_ x: [Double], scale: Double) -> [Double] {
        let largest = x.max() ?? 0
        let e = x.map { exp(scale * ($0 - largest)) }
        return e.map { $0 / e.reduce(0, +) }
    }

    @Test("softmax and its gradient", arguments: [1, 2, 16, 31, 1024, 1500])
    func softmax(count: Int) {
        let x = Oracle.values(count, 8, scale: 20), dy = Oracle.values(count, 9), scale: Float = 0.5
        var y = [Float](repeating: 9, count: count), dx = [Float](repeating: 1, count: count)
        let logSum = kernel_softmax(x, &y, count, scale)
        Oracle.expect(y, near: Self.softmax(x.map(Double.init), scale: 0.5), terms: 16)
        let exactSum = log(x.reduce(0.0) { $0 + exp(0.5 * Double($1)) })
        #expect(abs(Double(logSum) - exactSum) < 1e-6 * max(1, abs(exactSum)))
        kernel_softmax_backward(y, dy, &dx, count, scale)
        if count <= 31 {
            let exact = Oracle.gradient(x, upstream: dy) { Self.softmax($0, scale: 0.5) }
            Oracle.expect(dx, near: exact.map { 1 + $0 }, terms: 16)
        }
    }

    @Test("e to the x over the whole range of a float")
    func exponential() {
        var x: [Float] = stride(from: -104, through: 88.7, by: 0.37).map { Float($0) }
        var y = [Float](repeating: 0, count: x.count)
        kernel_exp(x, &y, x.count)
        for (argument, value) in zip(x, y) {
            let exact = exp(Double(argument))
            // Two units in the last place, or one of the smallest floats.
            #expect(abs(Double(value) - exact) <= max(2 * Double(Float(exact).ulp), 0x1p-149), "e^\(argument)")
        }
        x = [0, -.infinity, .infinity, -1e30, 1e30, .nan]
        y = x
        kernel_exp(x, &y, x.count)
        #expect(y[..<5] == [1, 0, .infinity, 0, .infinity])
        #expect(y[5].isNaN)
    }

    @Test("log-probability, entropy and their gradient over a row of logits", arguments: [1, 5, 16, 1025, 5000])
    func likelihood(count: Int) {
        let logits = Oracle.values(count, 10, scale: 30)
        let found = kernel_likelihood(logits, count)
        let x = logits.map(Double.init), p = Self.softmax(x, scale: 1)
        let largest = x.max() ?? 0, logSum = largest + log(x.reduce(0) { $0 + exp($1 - largest) })
        #expect(abs(found.log_sum_exp - logSum) < 1e-6)
        #expect(abs(found.entropy - zip(p, x).reduce(0) { $0 + $1.0 * (logSum - $1.1) }) < 1e-5)
        #expect(Double(found.maximum) == largest)
        var gradient = logits
        kernel_likelihood_backward(&gradient, count, found.log_sum_exp, -0.25)
        Oracle.expect(gradient, near: p.map { -0.25 * $0 }, terms: 8)
    }

    @Test(
        "the small product keeps one order of summation",
        arguments: [(1, 1, 1), (7, 8, 5), (13, 67, 48), (48, 64, 3)])
    func product(m: Int, n: Int, k: Int) {
        let a = Oracle.values(m * k, 11), b = Oracle.values(k * n, 12), start = Oracle.values(m * n, 13)
        let transposed = (0..<(m * k)).map { a[$0 % m * k + $0 / m] }
        var plain = start, turned = start, single = start
        kernel_product(m, n, k, a, k, 1, b, n, &plain, n, 1)
        kernel_product(m, n, k, transposed, 1, m, b, n, &turned, n, 1)
        #expect(plain == turned)
        for row in 0..<m {
            single.withUnsafeMutableBufferPointer { target in
                a.withUnsafeBufferPointer { a in
                    guard let target = target.baseAddress, let a = a.baseAddress else { return }
                    kernel_product(1, n, k, a + row * k, k, 1, b, n, target + row * n, n, 1)
                }
            }
        }
        #expect(plain == single)
        let exact = (0..<(m * n)).map { index in
            (0..<k).reduce(Double(start[index])) {
                $0 + Double(a[index / n * k + $1]) * Double(b[$1 * n + index % n])
            }
        }
        Oracle.expect(plain, near: exact, terms: k + 1, scale: Double(k))
    }
}
