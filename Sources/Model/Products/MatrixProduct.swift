/// The products of rows with weights that a transformer is made of, in one precision.
///
/// A result never depends on the number of threads: work is cut by the shape of the problem alone, and each part is
/// computed by one thread. An element of `forward` depends on its own row of the input and row of the weight alone.
package final class MatrixProduct {
    package let precision: Precision
    package let pool: WorkerPool
    private let single: SinglePrecisionProduct
    private let bfloat16: BFloat16Product

    /// - Throws: `ModelError.libraryUnavailable` when OpenBLAS cannot be opened.
    package init(precision: Precision, pool: WorkerPool) throws(ModelError) {
        self.precision = precision
        self.pool = pool
        single = try SinglePrecisionProduct(pool: pool)
        bfloat16 = BFloat16Product(pool: pool)
    }

    /// `output` (M, outFeatures) = `input` (M, inFeatures) · `weight`ᵀ.
    package func forward(
        _ input: UnsafePointer<Float>, _ weight: WeightMatrix, _ output: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        if M == 0 { return }
        switch precision {
        case .single: single.forward(input, weight, output, rows: M)
        case .bfloat16: bfloat16.forward(input, weight, output, rows: M)
        }
    }

    /// `inputGradient` (M, inFeatures) = `outputGradient` (M, outFeatures) · `weight`. What was there is overwritten.
    package func inputGradient(
        _ outputGradient: UnsafePointer<Float>, _ weight: WeightMatrix,
        _ inputGradient: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        if M == 0 { return }
        switch precision {
        case .single: single.inputGradient(outputGradient, weight, inputGradient, rows: M)
        case .bfloat16: bfloat16.inputGradient(outputGradient, weight, inputGradient, rows: M)
        }
    }

    /// `weightGradient` (outFeatures, inFeatures) += `outputGradient` (M, outFeatures)ᵀ · `input` (M, inFeatures). It
    /// does not clear the gradient.
    package func weightGradient(
        _ outputGradient: UnsafePointer<Float>, _ input: UnsafePointer<Float>,
        _ weightGradient: UnsafeMutablePointer<Float>, rows M: Int, inFeatures: Int, outFeatures: Int
    ) {
        if M == 0 { return }
        switch precision {
        case .single:
            single.weightGradient(
                outputGradient, input, weightGradient, rows: M, inFeatures: inFeatures, outFeatures: outFeatures)
        case .bfloat16:
            bfloat16.weightGradient(
                outputGradient, input, weightGradient, rows: M, inFeatures: inFeatures, outFeatures: outFeatures)
        }
    }
}
