import CKernels
import Testing

/// bfloat16 in the terms of this file, apart from the kernels.
enum BFloat16 {
    /// The nearest bfloat16, ties to even; a subnormal number becomes zero.
    static func nearest(_ value: Float) -> Float {
        if !value.isFinite { return value }
        if value.magnitude < .leastNormalMagnitude { return value.sign == .minus ? -0.0 : 0 }
        let kept = Float(bitPattern: value.bitPattern & 0xFFFF_0000)
        let next = Float(bitPattern: kept.bitPattern &+ 0x10000)
        let below = Double(value.magnitude) - Double(kept.magnitude)
        let above = (next.isInfinite ? 0x1p128 : Double(next.magnitude)) - Double(value.magnitude)
        if below == above { return kept.bitPattern & 0x10000 == 0 ? kept : next }
        return below < above ? kept : next
    }

    /// The two factors of a pair.
    static func factors(_ pair: UInt32) -> (earlier: Float, later: Float) {
        (Float(bitPattern: pair << 16), Float(bitPattern: pair & 0xFFFF_0000))
    }
}

@Suite("The bfloat16 kernels")
struct BFloat16KernelTests {
    static let odd: [Float] = [
        0, -0.0, 1, -1, 1.00390625, 1.01171875, 0x1.01p0, 0x1.03p0, -0x1.01p0, 3.3895e38, -3.4e38, .infinity,
        -.infinity, .leastNormalMagnitude, -.leastNormalMagnitude, .leastNormalMagnitude / 2,
        Float(bitPattern: 0x8000_02CA), 1e-38, 0x1.fefffep0,
        0x1.ffp0, .pi, 65504, 1e-30,
    ]

    @Test("round to the nearest, ties to even", arguments: [1, 5, 16, 23, 32, 45])
    func rounding(width: Int) {
        let x = Array((Self.odd + Self.odd).prefix(width)), pairs = kernel_pairs(width)
        var y = [UInt32](repeating: 7, count: pairs)
        kernel_pairs_of_rows(x, width, &y, pairs, 1, width)
        for (index, value) in x.enumerated() {
            let pair = BFloat16.factors(y[index / 2]), found = index % 2 == 0 ? pair.earlier : pair.later
            #expect(found.bitPattern == BFloat16.nearest(value).bitPattern, "\(value)")
        }
        if width % 2 == 1 { #expect(BFloat16.factors(y[pairs - 1]).later.bitPattern == 0) }
        // As panels they are rounded two rows at a time.
        var panels = [UInt32](repeating: 7, count: kernel_panel_words(2, width))
        kernel_panels_of_rows(x + x.reversed(), width, &panels, panels.count, 2, width)
        for (column, value) in x.enumerated() {
            let pair = BFloat16.factors(panels[column / 64 * 64 + column % 64])
            #expect(pair.earlier.bitPattern == BFloat16.nearest(value).bitPattern, "\(value)")
            #expect(pair.later.bitPattern == BFloat16.nearest(x[width - 1 - column]).bitPattern)
        }
    }

    @Test("keep what is not a number")
    func notANumber() {
        // The payload's upper bits may be zero, and a carry must not make infinity of it.
        let x: [Float] = [.nan, Float(bitPattern: 0x7F80_0001), Float(bitPattern: 0xFFFF_FFFF), 1]
        var y = [UInt32](repeating: 0, count: 2)
        kernel_pairs_of_rows(x, 4, &y, 2, 1, 4)
        #expect(BFloat16.factors(y[0]).earlier.isNaN)
        #expect(BFloat16.factors(y[0]).later.isNaN)
        #expect(BFloat16.factors(y[1]).earlier.isNaN)
        #expect(BFloat16.factors(y[1]).later == 1)
    }

    @Test("lay every factor in its place", arguments: [(1, 1), (2, 64), (7, 13), (33, 65), (130, 48), (64, 129)])
    func layouts(rows: Int, width: Int) {
        let x = MatrixProductTests.values(rows * width, 31)
        func factor(_ pairs: [UInt32], _ index: Int, _ place: Int) -> Float {
            let pair = BFloat16.factors(pairs[index])
            return place % 2 == 0 ? pair.earlier : pair.later
        }
        let columnPairs = kernel_pairs(rows), rowPairs = kernel_pairs(width)
        var down = [UInt32](repeating: 7, count: kernel_panel_words(rows, width))
        var along = [UInt32](repeating: 7, count: kernel_panel_words(width, rows))
        let panel = Int(kernel_panel_columns)
        // In parts, as tasks do it.
        for first in stride(from: 0, to: rows, by: 32) {
            let part = Array(x[(first * width)...]), count = min(32, rows - first)
            down.withUnsafeMutableBufferPointer {
                kernel_panels_of_rows(
                    part, width, $0.baseAddress! + first / 2 * panel, columnPairs * panel, count, width)
            }
        }
        for first in stride(from: 0, to: rows, by: panel) {
            let part = Array(x[(first * width)...])
            along.withUnsafeMutableBufferPointer {
                kernel_panels_of_columns(
                    part, width, $0.baseAddress! + first * rowPairs, width, min(panel, rows - first))
            }
        }
        for row in 0..<rows {
            for column in 0..<width {
                let value = BFloat16.nearest(x[row * width + column])
                #expect(
                    factor(down, (column / panel * columnPairs + row / 2) * panel + column % panel, row) == value)
                #expect(factor(along, (row / panel * rowPairs + column / 2) * panel + row % panel, column) == value)
            }
        }
        // What fills a panel up is zero.
        for column in width..<((width + panel - 1) / panel * panel) {
            for pair in 0..<columnPairs {
                #expect(down[(column / panel * columnPairs + pair) * panel + column % panel] == 0)
            }
        }
    }

    @Test(
        "give every element one chain of sums, with the processor's instructions and without",
        arguments: [(1, 64, 64), (5, 63, 172), (7, 37, 13), (33, 577, 130), (13, 800, 64), (67, 45, 65)])
    func bits(M: Int, K: Int, N: Int) {
        let x = MatrixProductTests.values(M * K, 41), w = MatrixProductTests.values(N * K, 42)
        let pairs = kernel_pairs(K), stride = N + 3
        var left = [UInt32](repeating: 0, count: M * pairs)
        var right = [UInt32](repeating: 0, count: kernel_panel_words(K, N))
        kernel_pairs_of_rows(x, K, &left, pairs, M, K)
        kernel_panels_of_columns(w, K, &right, K, N)
        var leftPanels = [UInt32](repeating: 0, count: kernel_panel_words(K, M))
        kernel_panels_of_columns(x, K, &leftPanels, K, M)
        for adds in [false, true] {
            var fast = [Float](repeating: 7, count: M * stride), plain = fast
            kernel_bfloat16_product_native(M, N, pairs, left, pairs, 1, right, &fast, stride, adds ? 1 : 0)
            kernel_bfloat16_product_plain(M, N, pairs, left, pairs, 1, right, &plain, stride, adds ? 1 : 0)
            #expect(fast == plain)
            // The left factor as panels, one of which is 64 rows.
            var ofPanels = [Float](repeating: 7, count: M * stride), ofPanelsPlain = ofPanels
            for m in Swift.stride(from: 0, to: M, by: 64) {
                let rows = min(64, M - m), from = Array(leftPanels[(m * pairs)...])
                ofPanels.withUnsafeMutableBufferPointer {
                    kernel_bfloat16_product_native(
                        rows, N, pairs, from, 1, 64, right, $0.baseAddress! + m * stride, stride, adds ? 1 : 0)
                }
                ofPanelsPlain.withUnsafeMutableBufferPointer {
                    kernel_bfloat16_product_plain(
                        rows, N, pairs, from, 1, 64, right, $0.baseAddress! + m * stride, stride, adds ? 1 : 0)
                }
            }
            #expect(ofPanels == fast)
            #expect(ofPanelsPlain == fast)
            for m in 0..<M {
                for n in 0..<N {
                    var sum: Float = adds ? 7 : 0
                    for pair in 0..<pairs {
                        let a = BFloat16.factors(left[m * pairs + pair])
                        let b = BFloat16.factors(right[(n / 64 * pairs + pair) * 64 + n % 64])
                        sum += a.later * b.later
                        sum += a.earlier * b.earlier
                    }
                    #expect(fast[m * stride + n] == sum)
                }
                // Nothing is written between the rows.
                #expect(fast[(m * stride + N)..<(m * stride + stride)].allSatisfy { $0 == 7 })
            }
        }
    }
}
