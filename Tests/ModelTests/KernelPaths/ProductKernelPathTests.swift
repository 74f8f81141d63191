import CKernelPaths
import CKernels
import Testing

/// Matrix products, and the forms in which bfloat16 products read their factors.
@Suite("Products by every instruction set")
struct ProductKernelPathTests {
    /// Rows, depth and columns: one of each, odd ones, tiles and panels that are not full.
    static let shapes = [
        (M: 1, K: 1, N: 1), (1, 15, 16), (3, 16, 17), (2, 17, 15), (7, 33, 65), (13, 64, 64), (5, 131, 200),
        (25, 401, 70), (0, 16, 16), (3, 0, 17),
    ]

    static func magnitudes(_ a: [Float], _ b: [Float], _ M: Int, _ K: Int, _ N: Int) -> [Double] {
        (0..<(M * N)).map { index in
            (0..<K).reduce(1) { $0 + abs(Double(a[index / N * K + $1]) * Double(b[index % N * K + $1])) }
        }
    }

    @Test("the linear kernel", arguments: shapes, KernelInputs.allCases)
    func linear(shape: (M: Int, K: Int, N: Int), inputs: KernelInputs) {
        let (M, K, N) = shape, stride = N + 3
        let x = inputs.values(M * K, 31), w = Oracle.values(N * K, 32)
        let sizes = Self.magnitudes(x, w, M, K, N)
        // Sixteen chains, then four additions. Nothing is written between the rows.
        let bounds = (0..<(M * stride)).map { index in
            index % stride < N
                ? Double(K / 16 + 6) * KernelPaths.rounding * sizes[index / stride * N + index % stride] : 0
        }
        KernelPaths.compare(within: bounds) { path in
            var y = [Float](repeating: 7, count: M * stride)
            path.linear(x, w, &y, M, K, N, stride)
            return y.exact
        }
    }

    @Test("the small product", arguments: shapes, KernelInputs.allCases)
    func product(shape: (M: Int, K: Int, N: Int), inputs: KernelInputs) {
        let (M, K, N) = shape
        let a = inputs.values(M * K, 33), b = Oracle.values(N * K, 34)
        let turned = (0..<(K * N)).map { b[$0 % N * K + $0 / N] }
        let bounds = Self.magnitudes(a, b, M, K, N).map { Double(K + 2) * KernelPaths.rounding * $0 }
        for accumulates: Int32 in [0, 1] {
            KernelPaths.compare(within: bounds) { path in
                var c = [Float](repeating: 1, count: M * N)
                path.product(M, N, K, a, K, 1, turned, N, &c, N, accumulates)
                return c.exact
            }
        }
    }

    @Test("transposition, to the bit", arguments: shapes, KernelInputs.allCases)
    func transposition(shape: (M: Int, K: Int, N: Int), inputs: KernelInputs) {
        let (M, _, N) = shape, x = inputs.values(M * N, 35)
        KernelPaths.compare { path in
            var y = [Float](repeating: 7, count: N * (M + 2))
            path.transpose(x, N, &y, M + 2, M, N)
            return y.exact
        }
    }

    @Test("the forms of bfloat16 factors, to the bit", arguments: shapes, KernelInputs.allCases)
    func forms(shape: (M: Int, K: Int, N: Int), inputs: KernelInputs) {
        let (M, K, _) = shape
        // Halfway cases, the edges of the range, and every kind of NaN among the values.
        let x = zip(inputs.values(M * K, 36), (0..<(M * K)).map { BFloat16KernelTests.odd[$0 % 23] })
            .enumerated().map { $0 % 4 == 3 ? $1.1 : $1.0 }
        let panel = Int(kernel_panel_columns)
        KernelPaths.compare { path in
            var rows = [UInt32](repeating: 7, count: M * (kernel_pairs(K) + 1))
            path.pairs_of_rows(x, K, &rows, kernel_pairs(K) + 1, M, K)
            var down = [UInt32](repeating: 7, count: kernel_panel_words(M, K))
            path.panels_of_rows(x, K, &down, kernel_pairs(M) * panel, M, K)
            var along = [UInt32](repeating: 7, count: kernel_panel_words(K, M))
            path.panels_of_columns(x, K, &along, K, M)
            return (rows + down + along).map(Double.init)
        }
    }

    @Test("bfloat16 products, to the bit", arguments: shapes, KernelInputs.allCases)
    func bfloat16(shape: (M: Int, K: Int, N: Int), inputs: KernelInputs) {
        let (M, K, N) = shape, pairs = kernel_pairs(K), stride = N + 3
        var left = [UInt32](repeating: 0, count: M * pairs)
        var right = [UInt32](repeating: 0, count: kernel_panel_words(K, N))
        kernel_pairs_of_rows(inputs.values(M * K, 37), K, &left, pairs, M, K)
        kernel_panels_of_columns(inputs.values(N * K, 38), K, &right, K, N)
        // The rows once more, as columns of a panel.
        let panel = Int(kernel_panel_columns)
        var turned = [UInt32](repeating: 0, count: kernel_panel_words(K, M))
        kernel_panels_of_columns(inputs.values(M * K, 37), K, &turned, K, M)
        for accumulates: Int32 in [0, 1] {
            var found: [[Double]] = []
            KernelPaths.compare { path in
                var c = [Float](repeating: 1, count: M * stride)
                path.bfloat16_product(M, N, pairs, turned, 1, panel, right, &c, stride, accumulates)
                found.append(c.exact)
                return c.exact
            }
            KernelPaths.compare { path in
                var c = [Float](repeating: 1, count: M * stride)
                path.bfloat16_product(M, N, pairs, left, pairs, 1, right, &c, stride, accumulates)
                found.append(c.exact)
                return c.exact
            }
            KernelPaths.compare { path in
                var c = [Float](repeating: 1, count: M * stride)
                path.bfloat16_product_plain(M, N, pairs, left, pairs, 1, right, &c, stride, accumulates)
                found.append(c.exact)
                return c.exact
            }
            KernelPaths.compare { path in
                var c = [Float](repeating: 1, count: M * stride)
                path.bfloat16_product_native(M, N, pairs, left, pairs, 1, right, &c, stride, accumulates)
                found.append(c.exact)
                return c.exact
            }
            // With the processor's instructions and without, turned and not.
            #expect(found.allSatisfy { zip($0, found[0]).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) } })
        }
    }

    @Test(
        "sums below 2^-126 count as zero, as the processor's instruction takes them",
        .enabled(if: KernelPaths.isX86, "another processor keeps them"), arguments: [1, 5, 6, 7, 20], [false, true])
    func smallSums(rows: Int, isTurned: Bool) {
        let tiny: Float = 0x1p-65
        let left = [tiny, tiny, 0x1p-60, -tiny, 1, 0], K = left.count, pairs = kernel_pairs(K), columns = 64
        // What stands in C before, the right factor's column, and what comes of both.
        let cases: [(before: Float, right: [Float], sum: Float)] = [
            (0, [tiny, tiny, 0, 0, 0, 0], 0),
            (0, [tiny, 0, tiny, 0, 0, 0], 0x1p-125),
            // -2^-125, and an eighth more than that is taken away again.
            (0, [0, 0, 1.125 * tiny, 0x1p-60, 0, 0], 0),
            (0, [tiny, tiny, 0, tiny, 1, 0], 1),
            // A sum that was small before counts as zero too.
            (0x1p-127, [0, 0, tiny, 0, 0, 0], 0x1p-125),
            (-0x1p-130, [0, 0, 0, 0, 0, 0], 0),
        ]
        let x = (0..<(rows * K)).map { left[$0 % K] }, panel = Int(kernel_panel_columns)
        var packed = [UInt32](repeating: 0, count: isTurned ? kernel_panel_words(K, rows) : rows * pairs)
        if isTurned {
            kernel_panels_of_columns(x, K, &packed, K, rows)
        } else {
            kernel_pairs_of_rows(x, K, &packed, pairs, rows, K)
        }
        let (row, pair) = isTurned ? (1, panel) : (pairs, 1)
        for (before, right, sum) in cases {
            var panels = [UInt32](repeating: 0, count: kernel_panel_words(K, columns))
            kernel_panels_of_columns((0..<(columns * K)).map { right[$0 % K] }, K, &panels, K, columns)
            KernelPaths.compare { path in
                var plain = [Float](repeating: before, count: rows * columns), native = plain
                path.bfloat16_product_plain(rows, columns, pairs, packed, row, pair, panels, &plain, columns, 1)
                path.bfloat16_product_native(rows, columns, pairs, packed, row, pair, panels, &native, columns, 1)
                #expect((plain + native).allSatisfy { $0 == sum }, "\(before) + \(right)")
                return (plain + native).exact
            }
        }
        // What a product sets so does not outlive it.
        #expect(x[0] * x[0] == 0x1p-130)
    }

    @Test("factors of eight bits and products of them, to the bit", arguments: shapes, KernelInputs.allCases)
    func quantized(shape: (M: Int, K: Int, N: Int), inputs: KernelInputs) {
        let (M, K, N) = shape, stride = N + 3, w = inputs.values(N * K, 39), x = inputs.values(M * K, 40)
        let (left, leftStride) = QuantizedKernelTests.quantizedRows(x, rows: M, depth: K)
        let right = QuantizedKernelTests.quantized(w, rows: N, depth: K)
        KernelPaths.compare { path in
            var found = [UInt8](repeating: 7, count: right.count)
            path.quantized_of_columns(w, K, &found, K, N)
            var values = [Float](repeating: 7, count: N * K)
            path.values_of_quantized(found, &values, K, K, N)
            return found.map(Double.init) + values.exact
        }
        KernelPaths.compare { path in
            var found = QuantizedKernelTests.rubbish(left.count)
            path.quantized_rows(x, K, &found, leftStride, M, K)
            return found.flatMap { block in
                withUnsafeBytes(of: block.numbers) { $0.map(Double.init) } + [block.scale].exact
                    + [Double(block.start)]
            }
        }
        var found: [[Double]] = []
        KernelPaths.compare { path in
            let products = [path.quantized_product, path.quantized_product_narrow, path.quantized_product_plain]
            let results = products.map { product in
                var c = [Float](repeating: 1, count: M * stride)
                product!(M, N, K, left, leftStride, right, &c, stride)
                return c.exact
            }
            found += results
            return results.flatMap { $0 }
        }
        // With the processor's instructions and without.
        #expect(found.allSatisfy { zip($0, found[0]).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) } })
    }
}
