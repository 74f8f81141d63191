import Model
import Testing

/// One weight and the products with it.
struct ProductFixture {
    let product: MatrixProduct
    let weights: WeightMatrices
    let matrix: ParameterLayout.Matrix

    init(
        _ weight: [Float], inFeatures: Int, precision: Precision, format: WeightFormat = .full, threads: Int = 2
    ) throws {
        let pool = WorkerPool(threads: threads), values = FloatBuffer(count: weight.count)
        for (index, value) in weight.enumerated() { values[index] = value }
        matrix = ParameterLayout.Matrix(
            index: 0, offset: 0, outFeatures: weight.count / inFeatures, inFeatures: inFeatures)
        product = MatrixProduct(precision: precision, pool: pool)
        weights = WeightMatrices(values, [matrix], for: product, gradients: format == .full, format: format)
    }

    func forward(_ input: some Collection<Float>) -> [Float] {
        let rows = input.count / matrix.inFeatures
        var output = [Float](repeating: 9, count: rows * matrix.outFeatures)
        Array(input).withUnsafeBufferPointer {
            product.forward(.stored($0.baseAddress!), weights[matrix], &output, rows: rows)
        }
        return output
    }

    /// Both gradients; the weight's is what is added to ones.
    func backward(_ gradient: [Float], _ input: [Float]) -> (input: [Float], weight: [Float]) {
        gradient.withUnsafeBufferPointer { gradient in
            input.withUnsafeBufferPointer { input in
                backward(
                    .stored(gradient.baseAddress!), .stored(input.baseAddress!), rows: input.count / matrix.inFeatures
                )
            }
        }
    }

    func backward(_ gradient: FactorRows, _ input: FactorRows, rows: Int) -> (input: [Float], weight: [Float]) {
        var inputGradient = [Float](repeating: 9, count: rows * matrix.inFeatures)
        var weightGradient = [Float](repeating: 1, count: matrix.outFeatures * matrix.inFeatures)
        product.backward(
            outputGradient: gradient, input: input, weights[matrix], inputGradient: &inputGradient,
            weightGradient: &weightGradient, rows: rows)
        return (inputGradient, weightGradient)
    }
}

@Suite("Matrix products", .serialized)
struct MatrixProductTests {
    static func values(_ count: Int, _ stream: UInt64) -> [Float] {
        var generator = Philox(key: 11, stream: stream)
        return (0..<count).map { _ in Float(generator.uniform()) - 0.5 }
    }

    @Test(
        "agree with sums in double precision of their rounded factors",
        arguments: [
            (1, 64, 64), (5, 172, 64), (16, 64, 172), (37, 576, 192), (130, 300, 7), (3, 13, 129),
            // More than one strip, stretch of rows and group of columns; a gradient taken in parts.
            (200, 600, 400), (3, 5, 6_200),
        ],
        Precision.allCases)
    func oracle(shape: (M: Int, K: Int, N: Int), precision: Precision) throws {
        let (M, K, N) = shape
        let x = Self.values(M * K, 1), w = Self.values(N * K, 2), g = Self.values(M * N, 3)
        let fixture = try ProductFixture(w, inFeatures: K, precision: precision)
        let y = fixture.forward(x), (dx, dw) = fixture.backward(g, x)
        func factors(_ values: [Float]) -> [Double] {
            values.map { Double(precision == .bfloat16 ? BFloat16.nearest($0) : $0) }
        }
        let a = factors(x), b = factors(w), c = factors(g)
        // A dot product of n terms, each at most 1/4: n roundings of the running sum.
        func bound(_ n: Int) -> Double { Double(n) * Double(Float.ulpOfOne) * Double(n) / 4 }
        for m in 0..<M {
            for n in 0..<N {
                let exact = (0..<K).reduce(0.0) { $0 + a[m * K + $1] * b[n * K + $1] }
                #expect(abs(Double(y[m * N + n]) - exact) <= bound(K))
            }
            for k in 0..<K {
                let exact = (0..<N).reduce(0.0) { $0 + c[m * N + $1] * b[$1 * K + k] }
                #expect(abs(Double(dx[m * K + k]) - exact) <= bound(N))
            }
        }
        for n in 0..<N {
            for k in 0..<K {
                let exact = (0..<M).reduce(1.0) { $0 + c[$1 * N + n] * a[$1 * K + k] }
                #expect(abs(Double(dw[n * K + k]) - exact) <= bound(M + 8))
            }
        }
    }

    @Test(
        "a row does not depend on the rows beside it",
        arguments: [(64, 64), (172, 64), (64, 172), (576, 960), (576, 3072), (1536, 576), (576, 1000)],
        Precision.allCases)
    func rowsAreIndependent(shape: (K: Int, N: Int), precision: Precision) throws {
        let (K, N) = shape
        let most = 290
        let x = Self.values(most * K, 4)
        let fixture = try ProductFixture(Self.values(N * K, 5), inFeatures: K, precision: precision)
        let whole = fixture.forward(x)
        for (start, rows) in [
            (0, 1), (3, 1), (289, 1), (5, 2), (1, 15), (7, 16), (2, 17), (40, 33), (11, 257), (0, 289),
        ] {
            let part = fixture.forward(x[(start * K)..<((start + rows) * K)])
            #expect(part[...] == whole[(start * N)..<((start + rows) * N)], "\(rows) rows from \(start)")
        }
    }

    @Test("do not depend on the number of threads", arguments: Precision.allCases)
    func threads(precision: Precision) throws {
        let M = 150, K = 576, N = 700
        let x = Self.values(M * K, 6), w = Self.values(N * K, 7), g = Self.values(M * N, 8)
        let results = try [1, 2, 5].map { threads in
            let fixture = try ProductFixture(w, inFeatures: K, precision: precision, threads: threads)
            let gradients = fixture.backward(g, x)
            return fixture.forward(x) + gradients.input + gradients.weight
        }
        #expect(results[0] == results[1])
        #expect(results[0] == results[2])
    }

    @Test(
        "take rows that are computed or finished in place as they take stored ones",
        arguments: [(75, 96, 130), (35, 20, 3_100)], Precision.allCases)
    func computedRows(shape: (M: Int, K: Int, N: Int), precision: Precision) throws {
        let (M, K, N) = shape
        let x = Self.values(M * K, 9), g = Self.values(M * N, 10)
        let fixture = try ProductFixture(Self.values(N * K, 11), inFeatures: K, precision: precision)
        let expected = fixture.backward(g, x)
        func computed(_ values: [Float], width: Int) -> FactorRows {
            .computed { first, count, target in
                for index in 0..<(count * width) { target[index] = values[first * width + index] }
            }
        }
        let place = FloatBuffer(count: M * N)
        let finished = FactorRows.finished(place.pointer) { first, count in
            for index in (first * N)..<((first + count) * N) { place.pointer[index] += g[index] }
        }
        let found = fixture.backward(finished, computed(x, width: K), rows: M)
        #expect(found == expected)
        var y = [Float](repeating: 9, count: M * N)
        fixture.product.forward(computed(x, width: K), fixture.weights[fixture.matrix], &y, rows: M)
        #expect(y == fixture.forward(x))
    }

    @Test("take over weights that have changed when they are packed again", arguments: Precision.allCases)
    func packing(precision: Precision) throws {
        let shapes = [(N: 30, K: 70), (N: 200, K: 33)], pool = WorkerPool(threads: 2)
        var matrices: [ParameterLayout.Matrix] = [], count = 0
        for (index, shape) in shapes.enumerated() {
            matrices.append(
                ParameterLayout.Matrix(index: index, offset: count, outFeatures: shape.N, inFeatures: shape.K))
            count += shape.N * shape.K
        }
        let values = FloatBuffer(count: count), product = MatrixProduct(precision: precision, pool: pool)
        let weights = WeightMatrices(values, matrices, for: product, gradients: true)
        // Matrix 0 is all halves, matrix 1 all quarters.
        values.fill(0.5)
        for index in matrices[1].offset..<count { values[index] = 0.25 }
        weights.pack()
        for (matrix, value) in zip(matrices, [Float(0.5), 0.25]) {
            let N = matrix.outFeatures, K = matrix.inFeatures, ones = [Float](repeating: 1, count: max(N, K))
            var y = [Float](repeating: 0, count: N), dx = [Float](repeating: 0, count: K)
            var dw = [Float](repeating: 0, count: N * K)
            ones.withUnsafeBufferPointer { ones in
                let rows = FactorRows.stored(ones.baseAddress!)
                product.forward(rows, weights[matrix], &y, rows: 1)
                product.backward(
                    outputGradient: rows, input: rows, weights[matrix], inputGradient: &dx, weightGradient: &dw,
                    rows: 1)
            }
            #expect(y == [Float](repeating: value * Float(K), count: N))
            #expect(dx == [Float](repeating: value * Float(N), count: K))
            #expect(dw == [Float](repeating: 1, count: N * K))
        }
    }
}
