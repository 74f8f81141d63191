/// The products of rows with weights that a transformer is made of, in one precision.
///
/// A result never depends on the number of threads: work is cut by the shape of the problem alone, and each part is
/// computed by one thread. An element of `forward` depends on its own row of the input and row of the weight alone.
package final class MatrixProduct {
    package let precision: Precision
    package let pool: WorkerPool
    private let provider: any ProductProvider
    private let eightBit: EightBitProduct

    package init(precision: Precision, pool: WorkerPool) {
        self.precision = precision
        self.pool = pool
        eightBit = EightBitProduct(pool: pool)
        switch precision {
        case .single: provider = SinglePrecisionProduct(pool: pool)
        case .bfloat16: provider = BFloat16Product(pool: pool)
        }
    }

    /// `output` (M, outFeatures) = `input` (M, inFeatures) · `weight`ᵀ; with weights of eight bits in eight bits.
    package func forward(
        _ input: FactorRows, _ weight: WeightMatrix, _ output: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        if M == 0 { return }
        if let quantized = weight.quantized {
            eightBit.forward(input, quantized, weight, output, rows: M)
        } else {
            provider.forward(input, weight, output, rows: M)
        }
    }

    /// Both gradients of a product, from `outputGradient` (M, outFeatures) and its `input` (M, inFeatures).
    ///
    /// `inputGradient` (M, inFeatures) = `outputGradient` · `weight`: what was there is overwritten.
    /// `weightGradient` (outFeatures, inFeatures) += `outputGradient`ᵀ · `input`: it is not cleared.
    package func backward(
        outputGradient: FactorRows, input: FactorRows, _ weight: WeightMatrix,
        inputGradient: UnsafeMutablePointer<Float>, weightGradient: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        if M == 0 { return }
        provider.backward(
            outputGradient: outputGradient, input: input, weight, inputGradient: inputGradient,
            weightGradient: weightGradient, rows: M)
    }
}

/// The products in one precision, of at least one row.
protocol ProductProvider {
    func forward(
        _ input: FactorRows, _ weight: WeightMatrix, _ output: UnsafeMutablePointer<Float>, rows M: Int)

    func backward(
        outputGradient: FactorRows, input: FactorRows, _ weight: WeightMatrix,
        inputGradient: UnsafeMutablePointer<Float>, weightGradient: UnsafeMutablePointer<Float>, rows M: Int)
}
