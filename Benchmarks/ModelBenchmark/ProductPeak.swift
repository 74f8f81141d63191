import CKernels
import COpenBLAS
import Model

/// The rate of matrix products alone, in GFLOP/s: what a training step's rate is a share of.
///
/// Each thread multiplies factors of its own and waits for no other.
struct ProductPeak {
    private let pool: WorkerPool
    private let blocks: [any ProductBlock]

    init(_ precision: Precision, pool: WorkerPool) {
        self.pool = pool
        blocks = (0..<pool.threads).map { _ in
            switch precision {
            case .single: LibraryBlock()
            case .bfloat16: KernelBlock()
            }
        }
    }

    /// Takes about half a second.
    func measure() -> Double {
        let clock = ContinuousClock(), start = clock.now
        var operations = 0.0
        repeat {
            pool.run(blocks.count) { blocks[$0].multiply() }
            operations += blocks.reduce(0) { $0 + $1.operations }
        } while clock.now - start < .milliseconds(500)
        return operations / (clock.now - start).inSeconds / 1e9
    }
}

private protocol ProductBlock {
    /// Of one call of `multiply`; a multiplication and an addition are two.
    var operations: Double { get }
    func multiply()
}

/// OpenBLAS on half of a layer over 2,048 tokens, in the three forms of a step.
private struct LibraryBlock: ProductBlock {
    private let rows = 1_024, width = 576, features = 1_536
    private let input: FloatBuffer, weight: FloatBuffer, output: FloatBuffer

    init() {
        if openblas_open() != 0 { fatalError(String(cString: openblas_error())) }
        input = FloatBuffer(count: rows * width)
        weight = FloatBuffer(count: features * width)
        output = FloatBuffer(count: rows * features)
        weight.fill(0.5)
        input.fill(0.5)
    }

    var operations: Double { 6 * Double(rows * width * features) }

    func multiply() {
        let M = Int32(rows), K = Int32(width), N = Int32(features)
        openblas_sgemm(0, 1, M, N, K, 1, input.pointer, K, weight.pointer, K, 0, output.pointer, N)
        // Scaled, so that repeated calls stay finite.
        openblas_sgemm(0, 0, M, K, N, 1e-6, output.pointer, N, weight.pointer, K, 0, input.pointer, K)
        openblas_sgemm(1, 0, N, K, M, 1e-6, output.pointer, N, input.pointer, K, 0, weight.pointer, K)
    }
}

/// Our own kernel for bfloat16 on packed factors that stay in the second cache.
private struct KernelBlock: ProductBlock {
    private let calls = 100, rows = 128, depth = 576, columns = 192
    private let left: [UInt32], right: [UInt32], product: FloatBuffer

    init() {
        let halves: UInt32 = 0x3F00_3F00
        left = Array(repeating: halves, count: rows * kernel_pairs(depth))
        right = Array(repeating: halves, count: kernel_panel_words(depth, columns))
        product = FloatBuffer(count: rows * columns)
    }

    var operations: Double { 2 * Double(calls * rows * depth * columns) }

    func multiply() {
        for _ in 0..<calls {
            let pairs = kernel_pairs(depth)
            kernel_bfloat16_product(rows, columns, pairs, left, pairs, 1, right, product.pointer, columns, 0)
        }
    }
}
