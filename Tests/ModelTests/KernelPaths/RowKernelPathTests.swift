import CKernelPaths
import Foundation
import Testing

/// Kernels over rows and elements. A bound is a number of roundings, on both sides, of the sizes of what is added.
@Suite("Row kernels by every instruction set")
struct RowKernelPathTests {
    static let sizes = [0, 1, 15, 16, 17, 64, 65, 100, 1041]
    static let rounding = KernelPaths.rounding, smallest = KernelPaths.smallest
    /// Two units in the last place on each side: see `exp_lanes`.
    static let exponential = 4.0

    /// Roundings of a sum of `n` products in sixteen parts, of which each may differ.
    static func chain(_ n: Int) -> Double { Double(n / 16 + 8) }
    /// Relative to the sum: of `n` exponentials, in runs of 1024.
    static func sumOfExponentials(_ n: Int) -> Double { exponential + chain(min(n, 1024)) + Double(n / 1024) }

    @Test("e to the x", arguments: sizes, KernelInputs.allCases)
    func exponential(n: Int, inputs: KernelInputs) {
        let x = inputs.values(n, 1, scale: 240)
        let bounds = x.exact.map { Self.exponential * Self.rounding * exp($0) + 2 * Self.smallest }
        KernelPaths.compare(within: bounds) { path in
            var y = [Float](repeating: 7, count: n)
            path.exp(x, &y, n)
            return y.exact
        }
    }

    @Test("sums of two rows", arguments: sizes, KernelInputs.allCases)
    func addition(n: Int, inputs: KernelInputs) {
        let x = inputs.values(n, 2), start = Oracle.values(n, 3)
        KernelPaths.compare { path in
            var y = start
            path.add(x, &y, n)
            return y.exact
        }
    }

    @Test("RMSNorm and its gradients", arguments: sizes.dropFirst(), KernelInputs.allCases)
    func rmsNorm(width: Int, inputs: KernelInputs) {
        let rows = 3, count = rows * width, epsilon: Float = 1e-5
        let x = inputs.values(count, 4), weight = Oracle.values(width, 5), dy = Oracle.values(count, 6)
        func sum(_ row: Int, _ term: (Int) -> Double) -> Double {
            (row * width..<(row + 1) * width).reduce(0) { $0 + abs(term($1)) }
        }
        let exactInverse = (0..<rows).map { row in
            1 / (sum(row) { Double(x[$0]) * Double(x[$0]) } / Double(width) + Double(epsilon)).squareRoot()
        }
        let relative = Self.chain(width) * Self.rounding
        let y = (0..<count).map { abs(Double(x[$0]) * exactInverse[$0 / width] * Double(weight[$0 % width])) }
        KernelPaths.compare(within: (y + exactInverse).map { relative * $0 + 2 * Self.smallest }) { path in
            var y = [Float](repeating: 7, count: count), inverse = [Float](repeating: 7, count: rows)
            path.rms_norm(x, weight, &y, &inverse, rows, width, epsilon)
            return y.exact + inverse.exact
        }

        let inverse = exactInverse.map { Float($0) }
        let dx = (0..<count).map { index in
            let row = index / width, scale = Double(inverse[row])
            let pull =
                scale * scale * scale / Double(width)
                * sum(row) { Double(dy[$0]) * Double(weight[$0 % width]) * Double(x[$0]) }
            return 1 + scale * abs(Double(dy[index]) * Double(weight[index % width])) + pull * abs(Double(x[index]))
        }
        KernelPaths.compare(within: dx.map { relative * $0 }) { path in
            var dx = [Float](repeating: 1, count: count)
            path.rms_norm_backward(x, weight, dy, inverse, &dx, rows, width)
            return dx.exact
        }

        let dweight = (0..<width).map { column in
            (0..<rows).reduce(1.0) {
                $0 + abs(Double(dy[$1 * width + column]) * Double(x[$1 * width + column]) * Double(inverse[$1]))
            }
        }
        KernelPaths.compare(within: dweight.map { Double(rows + 4) * Self.rounding * $0 }) { path in
            var dweight = [Float](repeating: 1, count: width)
            // In two calls, as tasks do it.
            path.rms_norm_weight_backward(x, dy, inverse, &dweight, rows, width, 0, width / 3)
            path.rms_norm_weight_backward(x, dy, inverse, &dweight, rows, width, width / 3, width - width / 3)
            return dweight.exact
        }
    }

    @Test("rotary positions", arguments: [2, 6, 30, 32, 34, 64], KernelInputs.allCases)
    func rotary(size: Int, inputs: KernelInputs) {
        let heads = 2, stride = heads * size + 3, positions: [Int32] = [0, 5, 3], half = size / 2
        let x = inputs.values(positions.count * stride, 7)
        let angles = Oracle.values(6 * half, 8, scale: 6).map { Double($0) }
        let cosine = angles.map { Float(cos($0)) }, sine = angles.map { Float(sin($0)) }
        // Two products and a sum. Both turns of a pair err by its length at most.
        let bounds = x.indices.map { index in
            let row = index / stride * stride, place = index % stride
            if place >= heads * size { return 0.0 }
            let first = row + place / size * size + place % half
            return 2 * Self.rounding * (abs(Double(x[first])) + abs(Double(x[first + half]))) + 2 * Self.smallest
        }
        KernelPaths.compare(within: bounds) { path in
            var y = x
            path.rotary(&y, positions, cosine, sine, positions.count, stride, heads, size)
            return y.exact
        }
        KernelPaths.compare(within: bounds) { path in
            var y = x
            path.rotary_backward(&y, positions, cosine, sine, positions.count, stride, heads, size)
            return y.exact
        }
    }

    @Test("SwiGLU and its gradient", arguments: sizes, KernelInputs.allCases)
    func swiGLU(width: Int, inputs: KernelInputs) {
        let rows = 2, x = inputs.values(2 * rows * width, 9, scale: 30), dy = Oracle.values(rows * width, 10)
        let relative = (Self.exponential + 6) * Self.rounding
        func place(_ index: Int) -> Int { index / width * 2 * width + index % width }
        func parts(_ index: Int) -> (gate: Double, up: Double, sigmoid: Double) {
            let gate = Double(x[place(index)])
            return (gate, Double(x[place(index) + width]), 1 / (1 + exp(-gate)))
        }
        let y = (0..<(rows * width)).map { index in
            let (gate, up, sigmoid) = parts(index)
            return relative * abs(gate * sigmoid * up) + 2 * Self.smallest
        }
        KernelPaths.compare(within: y) { path in
            var y = [Float](repeating: 7, count: rows * width)
            path.swiglu(x, &y, rows, width)
            return y.exact
        }

        // 1 - s keeps s's absolute error, so that it counts as one.
        var bounds = [Double](repeating: 0, count: 2 * rows * width)
        for index in dy.indices {
            let (gate, up, _) = parts(index), upstream = abs(Double(dy[index]))
            bounds[place(index)] = relative * (1 + upstream * abs(up) * (1 + 2 * abs(gate)))
            bounds[place(index) + width] = relative * (1 + upstream * abs(gate))
        }
        KernelPaths.compare(within: bounds) { path in
            var dx = [Float](repeating: 1, count: x.count)
            path.swiglu_backward(x, dy, &dx, rows, width)
            return dx.exact
        }
    }

    @Test("softmax and its gradient", arguments: sizes.dropFirst() + [5000], KernelInputs.allCases)
    func softmax(n: Int, inputs: KernelInputs) {
        let x = inputs.values(n, 11, scale: 20), dy = Oracle.values(n, 12), scale: Float = 0.5
        let exactY = RowKernelTests.softmax(x.exact, scale: 0.5)
        let logSum = log(x.exact.reduce(0) { $0 + exp(0.5 * $1) })
        let relative = (Self.exponential + Self.sumOfExponentials(n) + 2) * Self.rounding
        let bounds = exactY.map { relative * $0 + 2 * Self.smallest } + [relative + Self.rounding * abs(logSum)]
        KernelPaths.compare(within: bounds) { path in
            var y = [Float](repeating: 7, count: n)
            let logSum = path.softmax(x, &y, n, scale)
            return y.exact + [Double(logSum)]
        }

        let y = exactY.map { Float($0) }, mean = zip(y, dy).reduce(0.0) { $0 + abs(Double($1.0) * Double($1.1)) }
        let gradient = (0..<n).map { 1 + 0.5 * Double(y[$0]) * (abs(Double(dy[$0])) + mean) }
        KernelPaths.compare(within: gradient.map { Self.chain(n) * Self.rounding * $0 }) { path in
            var dx = [Float](repeating: 1, count: n)
            path.softmax_backward(y, dy, &dx, n, scale)
            return dx.exact
        }
    }

    @Test("the likelihood of a row and its gradient", arguments: sizes.dropFirst() + [5000], KernelInputs.allCases)
    func likelihood(n: Int, inputs: KernelInputs) {
        let x = inputs.values(n, 13, scale: 30)
        let p = RowKernelTests.softmax(x.exact, scale: 1), largest = x.max() ?? 0
        let distance = zip(p, x).reduce(0.0) { $0 + $1.0 * Double(largest - $1.1) }
        let relative = Self.sumOfExponentials(n) * Self.rounding
        // The entropy is a logarithm less a quotient of two sums.
        KernelPaths.compare(within: [relative, relative * (1 + 3 * distance), 0]) { path in
            let found = path.likelihood(x, n)
            return [found.log_sum_exp, found.entropy, Double(found.maximum)]
        }
        let logSum = Double(largest) + log(x.exact.reduce(0) { $0 + exp($1 - Double(largest)) })
        let bounds = p.map { (Self.exponential + 2) * Self.rounding * 0.25 * $0 + 2 * Self.smallest }
        KernelPaths.compare(within: bounds) { path in
            var gradient = x
            path.likelihood_backward(&gradient, n, logSum, -0.25)
            return gradient.exact
        }
    }

    @Test("dropout keeps the same elements, to the bit", arguments: sizes, KernelInputs.allCases)
    func dropout(width: Int, inputs: KernelInputs) {
        let rows = 3, x = inputs.values(rows * width, 14), start = Oracle.values(rows * width, 15)
        let site = kernel_dropout_site(key: 0x1234_5678_9ABC, stream: 77, threshold: 1 << 30, scale: 4 / 3)
        KernelPaths.compare { path in
            var y = start
            // A first row whose counter has high bits.
            path.dropout_add(x, &y, 1 << 40, rows, width, site)
            return y.exact
        }
        KernelPaths.compare { path in
            var dx = start
            path.dropout_add_backward(x, &dx, 5, rows, width, site)
            return dx.exact
        }
    }

    /// The product of two floats is exact in double precision, so fusing it changes nothing.
    @Test("the sum of squares, to the bit", arguments: sizes, KernelInputs.allCases)
    func sumOfSquares(n: Int, inputs: KernelInputs) {
        let x = inputs.values(n, 16)
        KernelPaths.compare { path in [path.sum_of_squares(x, n)] }
    }

    @Test("an update of AdamW", arguments: sizes, KernelInputs.allCases)
    func adamW(n: Int, inputs: KernelInputs) {
        let gradient = inputs.values(n, 17), weight = Oracle.values(n, 18), first = Oracle.values(n, 19)
        let second = Oracle.values(n, 20).map { $0 * $0 }
        let step = kernel_adamw_step(
            gradient_scale: 0.7, first_rate: 0.1, beta2: 0.999, second_rate: 0.001, decay: 0.999, step_size: 0.01,
            second_correction: 0.4, epsilon: 1e-8)
        var bounds = [[Double]](repeating: [], count: 3)
        for index in 0..<n {
            let g = 0.7 * Double(gradient[index]), m = Double(first[index])
            let moment = abs(m) + 0.1 * (abs(g) + abs(m))
            let variance = 0.999 * Double(second[index]) + 0.001 * g * g
            let update = 0.01 * moment / (variance.squareRoot() / 0.4 + 1e-8)
            bounds[0].append(3 * Self.rounding * moment + 2 * Self.smallest)
            bounds[1].append(4 * Self.rounding * variance + 2 * Self.smallest)
            bounds[2].append(9 * Self.rounding * (abs(Double(weight[index])) + update))
        }
        KernelPaths.compare(within: bounds.flatMap { $0 }) { path in
            var weight = weight, first = first, second = second
            path.adamw(&weight, &first, &second, gradient, n, step)
            return first.exact + second.exact + weight.exact
        }
    }
}
