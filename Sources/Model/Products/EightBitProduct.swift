import CKernels

/// Forward products of factors that are both rounded to eight bits: see `CKernelsQuantized.h`.
final class EightBitProduct {
    private let pool: WorkerPool
    private let left = GrowingBuffer<kernel_quantized_block>()
    private let blocks: RowBlocks

    init(pool: WorkerPool) {
        self.pool = pool
        blocks = RowBlocks(pool: pool)
    }

    /// - Parameter quantized: `weight` (outFeatures, inFeatures) in eight bits.
    func forward(
        _ input: FactorRows, _ quantized: UnsafePointer<UInt8>, _ weight: WeightMatrix,
        _ output: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        let K = weight.inFeatures, N = weight.outFeatures, depth = Int(kernel_block_depth)
        let stride = (K + depth - 1) / depth, left = left.reserve(M * stride)
        blocks.forEach(of: M, width: input.scratchWidth(K)) { first, count, scratch in
            kernel_quantized_rows(
                input.rows(from: first, count: count, width: K, scratch: scratch), K, left + first * stride, stride,
                count, K)
        }
        PanelParts(rows: M, columns: N).forEach(on: pool) { row, rows, column, width in
            kernel_quantized_product(
                rows, width, K, left + row * stride, stride, quantized + kernel_quantized_bytes(K, column),
                output + row * N + column, N)
        }
    }
}
