import CKernels
import COpenBLAS

/// Products in single precision: our own kernel where rows must not depend on one another, OpenBLAS for gradients.
struct SinglePrecisionProduct {
    let pool: WorkerPool

    /// - Throws: `ModelError.libraryUnavailable` when OpenBLAS cannot be opened.
    init(pool: WorkerPool) throws(ModelError) {
        guard openblas_open() == 0 else {
            throw .libraryUnavailable(name: "OpenBLAS", reason: String(cString: openblas_error()))
        }
        self.pool = pool
    }

    /// Each element is summed in one fixed order: see `kernel_linear`.
    func forward(
        _ input: UnsafePointer<Float>, _ weight: WeightMatrix, _ output: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        let K = weight.inFeatures, N = weight.outFeatures
        // Inputs of a block and weights of a tile stay in the second cache together; multiples of the kernel's tile.
        let rowBlock = 64
        let featureTile = min(192, max(36, (N / 16 + 5) / 6 * 6))
        let tiles = (N + featureTile - 1) / featureTile
        let blocks = (M + rowBlock - 1) / rowBlock
        pool.run(tiles * blocks) { index in
            let column = index % tiles * featureTile, row = index / tiles * rowBlock
            kernel_linear(
                input + row * K, weight.values + column * K, output + row * N + column, min(rowBlock, M - row), K,
                min(featureTile, N - column), N)
        }
    }

    func inputGradient(
        _ outputGradient: UnsafePointer<Float>, _ weight: WeightMatrix,
        _ inputGradient: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        let K = weight.inFeatures, N = weight.outFeatures
        let rowBlock = 128
        let blocks = (M + rowBlock - 1) / rowBlock
        pool.run(blocks) { block in
            let row = block * rowBlock
            openblas_sgemm(
                0, 0, Int32(min(rowBlock, M - row)), Int32(K), Int32(N), 1, outputGradient + row * N, Int32(N),
                weight.values, Int32(K), 0, inputGradient + row * K, Int32(K))
        }
    }

    func weightGradient(
        _ outputGradient: UnsafePointer<Float>, _ input: UnsafePointer<Float>,
        _ weightGradient: UnsafeMutablePointer<Float>, rows M: Int, inFeatures K: Int, outFeatures N: Int
    ) {
        let featureBlock = 192
        let blocks = (N + featureBlock - 1) / featureBlock
        pool.run(blocks) { block in
            let column = block * featureBlock
            openblas_sgemm(
                1, 0, Int32(min(featureBlock, N - column)), Int32(K), Int32(M), 1, outputGradient + column, Int32(N),
                input, Int32(K), 1, weightGradient + column * K, Int32(K))
        }
    }
}

/// The library behind single-precision gradients.
public enum BLAS {
    /// The kernel family it chose, such as "SkylakeX".
    public static var kernelFamily: String { openblas_open() == 0 ? String(cString: openblas_core()) : "none" }
    public static var libraryVersion: String { openblas_open() == 0 ? String(cString: openblas_version()) : "none" }
}
