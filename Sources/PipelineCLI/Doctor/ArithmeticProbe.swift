internal import Dispatch
internal import Model

/// How fast this machine multiplies matrices: forward by our own kernel, gradients by OpenBLAS.
struct ArithmeticProbe {
    var libraryVersion: String
    var kernelFamily: String
    var threads: Int
    /// Billions of operations a second, multiply and add counted as two, of the best of some products.
    var forwardGigaflops: Double
    var gradientGigaflops: Double

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
        let forward = rate {
            product.forward(
                input.pointer, weight.pointer, output.pointer, rows: rows, inFeatures: inFeatures,
                outFeatures: outFeatures)
        }
        let gradient = rate {
            product.inputGradient(
                output.pointer, weight.pointer, input.pointer, rows: rows, inFeatures: inFeatures,
                outFeatures: outFeatures)
        }
        return ArithmeticProbe(
            libraryVersion: MatrixProduct.libraryVersion, kernelFamily: MatrixProduct.kernelFamily, threads: threads,
            forwardGigaflops: forward, gradientGigaflops: gradient)
    }

    /// The best of the products that fit into a quarter of a second.
    private static func rate(_ multiply: () -> Void) -> Double {
        var best = Double.infinity
        let end = DispatchTime.now().uptimeNanoseconds + 250_000_000
        repeat {
            let start = DispatchTime.now().uptimeNanoseconds
            multiply()
            best = min(best, Double(DispatchTime.now().uptimeNanoseconds - start))
        } while DispatchTime.now().uptimeNanoseconds < end
        return 2.0 * Double(rows) * Double(inFeatures) * Double(outFeatures) / best
    }
}
