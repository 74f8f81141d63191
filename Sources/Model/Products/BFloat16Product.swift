import CKernels

/// Products of factors rounded to bfloat16, summed in single precision: see `CKernelsBFloat16.h`.
///
/// An element is one chain of additions in the order of its depth, so its bits depend on nothing else, the cut into
/// tasks included.
final class BFloat16Product: ProductProvider {
    static var isNative: Bool { kernel_has_bfloat16() != 0 }

    private let pool: WorkerPool
    private let left = GrowingBuffer<UInt32>(), turned = GrowingBuffer<UInt32>(), right = GrowingBuffer<UInt32>()
    /// A block of rows for each worker.
    private let scratch = GrowingBuffer<Float>()

    init(pool: WorkerPool) { self.pool = pool }

    func forward(
        _ input: FactorRows, _ weight: WeightMatrix, _ output: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        let K = weight.inFeatures, stride = Self.stride(depth: K), left = left.reserve(M * stride)
        overBlocks(M, scratchWidth: K) { first, count, scratch in
            kernel_pairs_of_rows(
                input.rows(from: first, count: count, width: K, scratch: scratch), K, left + first * stride, stride,
                count, K)
        }
        if let quantized = weight.quantized {
            multiply(left, quantized, into: output, rows: M, depth: K, columns: weight.outFeatures)
        } else {
            multiply(
                left, panels(weight).forward, into: output, rows: M, depth: K, columns: weight.outFeatures,
                adds: false)
        }
    }

    func backward(
        outputGradient: FactorRows, input: FactorRows, _ weight: WeightMatrix,
        inputGradient: UnsafeMutablePointer<Float>, weightGradient: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        guard let gradientPanels = panels(weight).gradient else {
            preconditionFailure("BFloat16Product: the weights were packed for no gradients")
        }
        let K = weight.inFeatures, N = weight.outFeatures, panel = Int(kernel_panel_columns)
        let stride = Self.stride(depth: N), turnedStride = Self.stride(depth: M)
        let left = left.reserve(M * stride), turned = turned.reserve(N * turnedStride)
        let right = right.reserve(kernel_panel_words(M, K)), panelWords = kernel_pairs(M) * panel
        // The output's gradient is read once and packed for both products.
        overBlocks(M, scratchWidth: max(N, K)) { first, count, scratch in
            let gradient = outputGradient.rows(from: first, count: count, width: N, scratch: scratch)
            kernel_pairs_of_rows(gradient, N, left + first * stride, stride, count, N)
            kernel_pairs_of_columns(gradient, N, turned + first / 2, turnedStride, count, N)
            let input = input.rows(from: first, count: count, width: K, scratch: scratch)
            kernel_panels_of_rows(input, K, right + first / 2 * panel, panelWords, count, K)
        }
        multiply(left, gradientPanels, into: inputGradient, rows: M, depth: N, columns: K, adds: false)
        multiply(turned, right, into: weightGradient, rows: N, depth: M, columns: K, adds: true)
    }

    /// Calls `body` with the first row and the number of rows of each block, and a block's room of its own.
    private func overBlocks(
        _ rows: Int, scratchWidth: Int, _ body: (_ first: Int, _ count: Int, UnsafeMutablePointer<Float>) -> Void
    ) {
        let block = FactorRows.block, size = block * scratchWidth
        let scratch = scratch.reserve(pool.threads * size)
        pool.runWithWorkers((rows + block - 1) / block) { index, worker in
            body(index * block, min(block, rows - index * block), scratch + worker * size)
        }
    }

    /// Words from one row of a left factor to the next: an odd number of cache lines, so that rows do not fall into the
    /// same sets of the cache.
    private static func stride(depth: Int) -> Int { (kernel_pairs(depth) + 15) / 16 * 16 | 16 }

    private func multiply(
        _ left: UnsafePointer<UInt32>, _ right: UnsafePointer<UInt32>, into output: UnsafeMutablePointer<Float>,
        rows: Int, depth: Int, columns: Int, adds: Bool
    ) {
        let pairs = kernel_pairs(depth), stride = Self.stride(depth: depth)
        overTiles(rows: rows, columns: columns) { row, rows, column, width in
            kernel_bfloat16_product(
                rows, width, pairs, left + row * stride, stride, right + column * pairs,
                output + row * columns + column, columns, adds ? 1 : 0)
        }
    }

    /// With weights of eight bits.
    private func multiply(
        _ left: UnsafePointer<UInt32>, _ right: UnsafePointer<UInt8>, into output: UnsafeMutablePointer<Float>,
        rows: Int, depth: Int, columns: Int
    ) {
        let stride = Self.stride(depth: depth)
        overTiles(rows: rows, columns: columns) { row, rows, column, width in
            kernel_quantized_product(
                rows, width, depth, left + row * stride, stride, right + kernel_quantized_bytes(depth, column),
                output + row * columns + column, columns)
        }
    }

    /// Calls `body` with the first row, the rows, the first column and the columns of each part of a product.
    private func overTiles(
        rows: Int, columns: Int, _ body: (_ row: Int, _ rows: Int, _ column: Int, _ columns: Int) -> Void
    ) {
        // A block of rows, its sums and a group of panels stay in the second cache; few rows are cut by panels alone.
        let rowBlock = 128, panels = Self.panelCount(columns), group = min(9, max(1, panels / 16))
        let blocks = (rows + rowBlock - 1) / rowBlock, groups = (panels + group - 1) / group
        let width = group * Int(kernel_panel_columns)
        pool.run(blocks * groups) { index in
            let row = index % blocks * rowBlock, column = index / blocks * width
            body(row, min(rowBlock, rows - row), column, min(width, columns - column))
        }
    }

    private func panels(_ weight: WeightMatrix) -> WeightMatrix.Panels {
        guard let panels = weight.panels else {
            preconditionFailure("BFloat16Product: the weights were packed for another precision")
        }
        return panels
    }

    private static func panelCount(_ columns: Int) -> Int {
        (columns + Int(kernel_panel_columns) - 1) / Int(kernel_panel_columns)
    }
}
