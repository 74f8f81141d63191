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
        let pool = WorkerPool(threads: threads)
        let input = FloatBuffer(count: rows * inFeatures), weight = FloatBuffer(count: outFeatures * inFeatures)
        let output = FloatBuffer(count: rows * outFeatures)
        let inputGradient = FloatBuffer(count: input.count), weightGradient = FloatBuffer(count: weight.count)
        input.fill(0.5)
        weight.fill(0.25)
        let matrix = ParameterLayout.Matrix(
            index: 0, offset: 0, outFeatures: outFeatures, inFeatures: inFeatures)
        var rates: [Rate] = []
        for precision in Precision.allCases {
            let product = MatrixProduct(precision: precision, pool: pool)
            let weights = WeightMatrices(weight, [matrix], for: product, gradients: true)
            let remedy = precision.isNative ? nil : "set 'precision: f32' for the stages with a model"
            rates.append(
                Rate(
                    name: "\(precision.rawValue)_forward",
                    gigaflops: rate {
                        product.forward(.stored(input.pointer), weights[matrix], output.pointer, rows: rows)
                    },
                    kernels: kernels(of: precision), remedy: remedy))
            rates.append(
                Rate(
                    name: "\(precision.rawValue)_gradients",
                    gigaflops: rate(products: 2) {
                        product.backward(
                            outputGradient: .stored(output.pointer), input: .stored(input.pointer), weights[matrix],
                            inputGradient: inputGradient.pointer, weightGradient: weightGradient.pointer, rows: rows)
                    },
                    kernels: kernels(of: precision), remedy: remedy))
        }
        let product = MatrixProduct(precision: .bfloat16, pool: pool), format = WeightFormat.quantized
        let weights = WeightMatrices(weight, [matrix], for: product, gradients: false, format: format)
        rates.append(
            Rate(
                name: "\(format.rawValue)_forward",
                gigaflops: rate {
                    product.forward(.stored(input.pointer), weights[matrix], output.pointer, rows: rows)
                },
                kernels: format.isNative ? "own kernels" : "own kernels, without the processor's products of bytes"))
        return ArithmeticProbe(rates: rates, threads: threads)
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
