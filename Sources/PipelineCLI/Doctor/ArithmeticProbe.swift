internal import Dispatch
internal import Model

/// How fast this machine multiplies matrices, in each precision.
struct ArithmeticProbe {
    struct Rate {
        var name: String
        /// Billions of operations a second, multiply and add counted as two, of the best of some products.
        var gigaflops: Double
        var kernels: String
        /// What to do where it is slow.
        var remedy: String?
    }

    var rates: [Rate]
    var threads: Int

    /// The shape of a 135M model's widest layer over a batch of tokens.
    static let rows = 512, inFeatures = 576, outFeatures = 1536

    /// Takes about a second.
    static func measure(threads: Int) -> ArithmeticProbe {
        let bench = Bench(pool: WorkerPool(threads: threads))
        let rates = Precision.allCases.flatMap { precision in
            let product = MatrixProduct(precision: precision, pool: bench.pool)
            let weights = WeightMatrices(bench.weight, [bench.matrix], for: product, gradients: true)
            let kernels = kernels(of: precision)
            let remedy = precision.isNative ? nil : "set 'precision: f32' for the stages with a model"
            return [
                Rate(
                    name: "\(precision.rawValue)_forward", gigaflops: bench.forward(product, weights),
                    kernels: kernels, remedy: remedy),
                Rate(
                    name: "\(precision.rawValue)_gradients", gigaflops: bench.backward(product, weights),
                    kernels: kernels, remedy: remedy),
            ]
        }
        return ArithmeticProbe(rates: rates + [eightBit(bench)], threads: threads)
    }

    /// Whole numbers are counted as if they were floats.
    private static func eightBit(_ bench: Bench) -> Rate {
        let format = WeightFormat.quantized, product = MatrixProduct(precision: .bfloat16, pool: bench.pool)
        let weights = WeightMatrices(bench.weight, [bench.matrix], for: product, gradients: false, format: format)
        return Rate(
            name: "\(format.rawValue)_forward", gigaflops: bench.forward(product, weights),
            kernels: format.isNative ? "own kernels" : "own kernels, without the processor's products of bytes")
    }

    /// Factors and results of one product.
    private struct Bench {
        let pool: WorkerPool
        let matrix = ParameterLayout.Matrix(index: 0, offset: 0, outFeatures: outFeatures, inFeatures: inFeatures)
        let input = FloatBuffer(count: rows * inFeatures), weight = FloatBuffer(count: outFeatures * inFeatures)
        private let output = FloatBuffer(count: rows * outFeatures)
        private let inputGradient = FloatBuffer(count: rows * inFeatures)
        private let weightGradient = FloatBuffer(count: outFeatures * inFeatures)

        init(pool: WorkerPool) {
            self.pool = pool
            input.fill(0.5)
            weight.fill(0.25)
        }

        func forward(_ product: MatrixProduct, _ weights: WeightMatrices) -> Double {
            rate { product.forward(.stored(input.pointer), weights[matrix], output.pointer, rows: rows) }
        }

        func backward(_ product: MatrixProduct, _ weights: WeightMatrices) -> Double {
            rate(products: 2) {
                product.backward(
                    outputGradient: .stored(output.pointer), input: .stored(input.pointer), weights[matrix],
                    inputGradient: inputGradient.pointer, weightGradient: weightGradient.pointer, rows: rows)
            }
        }
    }

    private static func kernels(of precision: Precision) -> String {
        switch (precision.isNative, precision.multipliesByOwnInstruction) {
        case (_, true): "own kernels"
        case (true, false): "own kernels, by multiply-adds: faster here than the processor's products of bfloat16"
        case (false, false): "own kernels, without the processor's bfloat16"
        }
    }

    /// The best of the products that fit into a quarter of a second.
    private static func rate(products: Int = 1, _ multiply: () -> Void) -> Double {
        var best = Double.infinity
        let end = DispatchTime.now().uptimeNanoseconds + 250_000_000
        repeat {
            let start = DispatchTime.now().uptimeNanoseconds
            multiply()
            best = min(best, Double(DispatchTime.now().uptimeNanoseconds - start))
        } while DispatchTime.now().uptimeNanoseconds < end
        return 2.0 * Double(products) * Double(rows) * Double(inFeatures) * Double(outFeatures) / best
    }
}
