internal import Dispatch
internal import Model

/// How fast this machine multiplies matrices, and whether a row's result depends on the rows beside it.
struct ArithmeticProbe {
    var libraryVersion: String
    var kernelFamily: String
    var rowsAreIndependent: Bool
    var threads: Int
    /// Billions of operations a second, multiply and add counted as two, of the best of some products.
    var gigaflops: Double

    /// The shape of a 135M model's widest layer over a batch of tokens.
    static let rows = 512, inFeatures = 576, outFeatures = 1536

    /// Takes about half a second.
    /// - Throws: `ModelError.libraryUnavailable`.
    static func measure(threads: Int) throws -> ArithmeticProbe {
        let product = try MatrixProduct(pool: WorkerPool(threads: threads))
        let input = FloatBuffer(count: rows * inFeatures), weight = FloatBuffer(count: outFeatures * inFeatures)
        let output = FloatBuffer(count: rows * outFeatures)
        input.fill(0.5)
        weight.fill(0.25)
        var best = Double.infinity
        let end = DispatchTime.now().uptimeNanoseconds + 400_000_000
        repeat {
            let start = DispatchTime.now().uptimeNanoseconds
            product.forward(
                input.pointer, weight.pointer, output.pointer, rows: rows, inFeatures: inFeatures,
                outFeatures: outFeatures)
            best = min(best, Double(DispatchTime.now().uptimeNanoseconds - start))
        } while DispatchTime.now().uptimeNanoseconds < end
        let operations = 2.0 * Double(rows) * Double(inFeatures) * Double(outFeatures)
        return ArithmeticProbe(
            libraryVersion: MatrixProduct.libraryVersion, kernelFamily: MatrixProduct.kernelFamily,
            rowsAreIndependent: product.rowsAreIndependent, threads: threads, gigaflops: operations / best)
    }
}
