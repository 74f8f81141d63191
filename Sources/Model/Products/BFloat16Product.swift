import CKernels

/// Products of factors rounded to bfloat16, summed in single precision: see `CKernelsBFloat16.h`.
///
/// An element is one chain of additions in the order of its depth, so its bits depend on nothing else, the cut into
/// tasks included.
final class BFloat16Product: ProductProvider {
    static var isNative: Bool { kernel_has_bfloat16() != 0 }
    static var usesOwnInstruction: Bool { kernel_pairs_outrun_floats() != 0 }

    private let pool: WorkerPool
    private let left = GrowingBuffer<UInt32>(), turned = GrowingBuffer<UInt32>(), right = GrowingBuffer<UInt32>()
    private let blocks: RowBlocks

    init(pool: WorkerPool) {
        self.pool = pool
        blocks = RowBlocks(pool: pool)
    }

    func forward(
        _ input: FactorRows, _ weight: WeightMatrix, _ output: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        let K = weight.inFeatures, stride = Self.stride(depth: K), left = left.reserve(M * stride)
        blocks.forEach(of: M, width: input.scratchWidth(K)) { first, count, scratch in
            kernel_pairs_of_rows(
                input.rows(from: first, count: count, width: K, scratch: scratch), K, left + first * stride, stride,
                count, K)
        }
        multiply(
            .rows(left, depth: K), panels(weight).forward, into: output, rows: M, columns: weight.outFeatures,
            adds: false)
    }

    func backward(
        outputGradient: FactorRows, input: FactorRows, _ weight: WeightMatrix,
        inputGradient: UnsafeMutablePointer<Float>, weightGradient: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        guard let gradientPanels = panels(weight).gradient else {
            preconditionFailure("BFloat16Product: the weights were packed for no gradients")
        }
        let K = weight.inFeatures, N = weight.outFeatures, panel = Int(kernel_panel_columns)
        let stride = Self.stride(depth: N), panelWords = kernel_pairs(M) * panel
        let left = left.reserve(M * stride), turned = turned.reserve(kernel_panel_words(M, N))
        let right = right.reserve(kernel_panel_words(M, K))
        // The output's gradient is read once and packed for both products.
        blocks.forEach(of: M, width: max(outputGradient.scratchWidth(N), input.scratchWidth(K))) {
            first, count, scratch in
            let gradient = outputGradient.rows(from: first, count: count, width: N, scratch: scratch)
            kernel_pairs_of_rows(gradient, N, left + first * stride, stride, count, N)
            kernel_panels_of_rows(gradient, N, turned + first / 2 * panel, panelWords, count, N)
            let input = input.rows(from: first, count: count, width: K, scratch: scratch)
            kernel_panels_of_rows(input, K, right + first / 2 * panel, panelWords, count, K)
        }
        multiply(.rows(left, depth: N), gradientPanels, into: inputGradient, rows: M, columns: K, adds: false)
        multiply(.panels(turned, depth: M), right, into: weightGradient, rows: N, columns: K, adds: true)
    }

    /// Words from one row of a left factor to the next: an odd number of cache lines, so that rows do not fall into the
    /// same sets of the cache.
    private static func stride(depth: Int) -> Int { (kernel_pairs(depth) + 15) / 16 * 16 | 16 }

    /// A left factor in blocks of rows: pair p of row r of a block is words[r * rowWords + p * pairWords].
    private struct LeftFactor {
        let words: UnsafePointer<UInt32>
        let pairs: Int
        let rowBlock: Int
        let rowWords: Int
        let pairWords: Int
        let blockWords: Int
        /// The fewest panels of the right factor that pass by a block of rows.
        let panelGroup: Int

        /// Pairs lie along each row.
        static func rows(_ words: UnsafePointer<UInt32>, depth: Int) -> Self {
            let stride = BFloat16Product.stride(depth: depth), rowBlock = PanelParts.rowBlock
            return Self(
                words: words, pairs: kernel_pairs(depth), rowBlock: rowBlock, rowWords: stride, pairWords: 1,
                blockWords: rowBlock * stride, panelGroup: 1)
        }

        /// Panels whose columns are the rows. Such a depth is that of all tokens: a block comes from far, and serves
        /// three panels.
        static func panels(_ words: UnsafePointer<UInt32>, depth: Int) -> Self {
            let panel = Int(kernel_panel_columns), pairs = kernel_pairs(depth)
            return Self(
                words: words, pairs: pairs, rowBlock: panel, rowWords: 1, pairWords: panel,
                blockWords: panel * pairs, panelGroup: 3)
        }
    }

    private func multiply(
        _ left: LeftFactor, _ right: UnsafePointer<UInt32>, into output: UnsafeMutablePointer<Float>,
        rows: Int, columns: Int, adds: Bool
    ) {
        let parts = PanelParts(
            rows: rows, columns: columns, rowBlock: left.rowBlock, panelGroup: left.panelGroup)
        parts.forEach(on: pool) { row, rows, column, width in
            kernel_bfloat16_product(
                rows, width, left.pairs, left.words + row / left.rowBlock * left.blockWords, left.rowWords,
                left.pairWords, right + column * left.pairs, output + row * columns + column, columns, adds ? 1 : 0)
        }
    }

    private func panels(_ weight: WeightMatrix) -> WeightMatrix.Panels {
        guard let panels = weight.panels else {
            preconditionFailure("BFloat16Product: the weights were packed for another precision")
        }
        return panels
    }
}
