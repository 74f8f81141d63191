import CKernels
import COpenBLAS

/// Products in single precision: our own kernel where rows must not depend on one another, OpenBLAS for gradients.
final class SinglePrecisionProduct: ProductProvider {
    private let pool: WorkerPool
    /// Rows that a caller computes, all of them.
    private let gradientRows = GrowingBuffer<Float>(), inputRows = GrowingBuffer<Float>()

    /// - Throws: `ModelError.libraryUnavailable` when OpenBLAS cannot be opened.
    init(pool: WorkerPool) throws(ModelError) {
        guard openblas_open() == 0 else {
            throw .libraryUnavailable(name: "OpenBLAS", reason: String(cString: openblas_error()))
        }
        self.pool = pool
    }

    /// Each element is summed in one fixed order: see `kernel_linear`.
    func forward(
        _ input: FactorRows, _ weight: WeightMatrix, _ output: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        let K = weight.inFeatures, N = weight.outFeatures
        let input = stored(input, rows: M, width: K, in: inputRows)
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

    func backward(
        outputGradient: FactorRows, input: FactorRows, _ weight: WeightMatrix,
        inputGradient: UnsafeMutablePointer<Float>, weightGradient: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        let K = weight.inFeatures, N = weight.outFeatures
        let gradient = stored(outputGradient, rows: M, width: N, in: gradientRows)
        let input = stored(input, rows: M, width: K, in: inputRows)
        let rowBlock = 128, featureBlock = 192
        pool.run((M + rowBlock - 1) / rowBlock) { block in
            let row = block * rowBlock
            openblas_sgemm(
                0, 0, Int32(min(rowBlock, M - row)), Int32(K), Int32(N), 1, gradient + row * N, Int32(N),
                weight.values, Int32(K), 0, inputGradient + row * K, Int32(K))
        }
        pool.run((N + featureBlock - 1) / featureBlock) { block in
            let column = block * featureBlock
            openblas_sgemm(
                1, 0, Int32(min(featureBlock, N - column)), Int32(K), Int32(M), 1, gradient + column, Int32(N), input,
                Int32(K), 1, weightGradient + column * K, Int32(K))
        }
    }

    /// All of `factor` (rows, width): where it is, or in `buffer`.
    private func stored(
        _ factor: FactorRows, rows: Int, width: Int, in buffer: GrowingBuffer<Float>
    ) -> UnsafePointer<Float> {
        if case .stored(let values) = factor { return values }
        let block = FactorRows.block
        var place = UnsafePointer<Float>(buffer.reserve(0))
        if case .finished(let values, _) = factor { place = UnsafePointer(values) }
        if case .computed = factor { place = UnsafePointer(buffer.reserve(rows * width)) }
        let target = UnsafeMutablePointer(mutating: place)
        pool.run((rows + block - 1) / block) { index in
            let first = index * block
            _ = factor.rows(
                from: first, count: min(block, rows - first), width: width, scratch: target + first * width)
        }
        return place
    }
}

/// The library behind single-precision gradients.
public enum BLAS {
    /// The kernel family it chose, such as "SkylakeX".
    public static var kernelFamily: String { openblas_open() == 0 ? String(cString: openblas_core()) : "none" }
    /// Both, under the names of the records of results.
    public static var facts: [String: String] { ["blas": libraryVersion, "blasKernels": kernelFamily] }
    public static var libraryVersion: String { openblas_open() == 0 ? String(cString: openblas_version()) : "none" }
}
