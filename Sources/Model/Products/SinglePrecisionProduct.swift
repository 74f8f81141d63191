import CKernels

/// Products in single precision: `kernel_linear` forward, which few rows of decoding need, `kernel_product` backward.
final class SinglePrecisionProduct: ProductProvider {
    private let pool: WorkerPool
    private let blocks: RowBlocks
    /// Rows that a caller computes, all of them.
    private let gradientRows = GrowingBuffer<Float>(), inputRows = GrowingBuffer<Float>()

    init(pool: WorkerPool) {
        self.pool = pool
        blocks = RowBlocks(pool: pool)
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
        let rowBlocks = (M + rowBlock - 1) / rowBlock
        pool.run(tiles * rowBlocks) { index in
            let column = index % tiles * featureTile, row = index / tiles * rowBlock
            kernel_linear(
                input + row * K, weight.values + column * K, output + row * N + column, min(rowBlock, M - row), K,
                min(featureTile, N - column), N)
        }
    }

    /// An element of either gradient is one chain of sums along its depth: see `kernel_product`.
    func backward(
        outputGradient: FactorRows, input: FactorRows, _ weight: WeightMatrix,
        inputGradient: UnsafeMutablePointer<Float>, weightGradient: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        let K = weight.inFeatures, N = weight.outFeatures
        let inputs = Strips(rows: M, columns: 0..<K, width: 64, in: inputRows)
        blocks.forEach(of: M, width: input.scratchWidth(K)) { first, count, scratch in
            inputs.fill(
                from: first, count: count, input.rows(from: first, count: count, width: K, scratch: scratch), K)
        }
        // What lies in memory, such as the gradient of a vocabulary's logits, is not packed all at once.
        var outputGradient = outputGradient, columns = N
        if N > 16 * Self.block, outputGradient.isInMemory {
            columns = 16 * Self.block
            outputGradient = .stored(stored(outputGradient, rows: M, width: N, in: gradientRows))
        }
        for column in stride(from: 0, to: N, by: columns) {
            let features = column..<min(column + columns, N)
            let gradients = Strips(rows: M, columns: features, width: Self.block, in: gradientRows)
            blocks.forEach(of: M, width: outputGradient.scratchWidth(N)) { first, count, scratch in
                gradients.fill(
                    from: first, count: count,
                    outputGradient.rows(from: first, count: count, width: N, scratch: scratch), N)
            }
            multiply(gradients, weight, into: inputGradient)
            multiply(gradients, inputs, into: weightGradient)
        }
    }

    /// A stretch of the depth: a block of one factor, a group of columns of the other and their sums stay in the second
    /// cache. Tasks are small enough that no thread waits long for the last.
    private static let block = 192

    /// `output` (M, K) = `gradients` · their rows of `weight`, or += where others came before.
    private func multiply(_ gradients: Strips, _ weight: WeightMatrix, into output: UnsafeMutablePointer<Float>) {
        let K = weight.inFeatures, M = gradients.rows, rowBlock = 128, width = 576
        let groups = (K + width - 1) / width
        pool.run((M + rowBlock - 1) / rowBlock * groups) { index in
            let row = index / groups * rowBlock, column = index % groups * width
            for strip in 0..<gradients.count {
                let features = gradients.columns(strip), depth = features.count
                kernel_product(
                    min(rowBlock, M - row), min(width, K - column), depth, gradients[strip] + row * depth, depth, 1,
                    weight.values + features.lowerBound * K + column, K, output + row * K + column, K,
                    features.lowerBound > 0 ? 1 : 0)
            }
        }
    }

    /// The rows of `output` (outFeatures, K) that are columns of `gradients` += `gradients`ᵀ · `inputs`.
    private func multiply(_ gradients: Strips, _ inputs: Strips, into output: UnsafeMutablePointer<Float>) {
        let M = gradients.rows, K = inputs.columns.count, group = 3, groups = (inputs.count + group - 1) / group
        pool.run(gradients.count * groups) { index in
            let strip = index % gradients.count, features = gradients.columns(strip)
            let panels = index / gradients.count * group..<min((index / gradients.count + 1) * group, inputs.count)
            for row in stride(from: 0, to: M, by: Self.block) {
                for panel in panels {
                    let columns = inputs.columns(panel), width = columns.count
                    kernel_product(
                        features.count, width, min(Self.block, M - row), gradients[strip] + row * features.count, 1,
                        features.count, inputs[panel] + row * width, width,
                        output + features.lowerBound * K + columns.lowerBound, K, 1)
                }
            }
        }
    }

    /// All of `factor` (rows, width): where it is, or in `buffer`.
    private func stored(
        _ factor: FactorRows, rows: Int, width: Int, in buffer: GrowingBuffer<Float>
    ) -> UnsafePointer<Float> {
        let place: UnsafeMutablePointer<Float>
        switch factor {
        case .stored(let values): return values
        case .finished(let values, _): place = values
        case .computed: place = buffer.reserve(rows * width)
        }
        let block = FactorRows.block
        pool.run((rows + block - 1) / block) { index in
            let first = index * block
            _ = factor.rows(
                from: first, count: min(block, rows - first), width: width, scratch: place + first * width)
        }
        return UnsafePointer(place)
    }
}

/// Some columns of a matrix, cut into strips: each (rows, its width), one after the other.
private struct Strips {
    let rows: Int
    let columns: Range<Int>
    private let width: Int
    private let values: UnsafeMutablePointer<Float>

    init(rows: Int, columns: Range<Int>, width: Int, in buffer: GrowingBuffer<Float>) {
        self.rows = rows
        self.columns = columns
        self.width = width
        values = buffer.reserve(rows * columns.count)
    }

    var count: Int { (columns.count + width - 1) / width }

    func columns(_ strip: Int) -> Range<Int> {
        let first = columns.lowerBound + strip * width
        return first..<min(first + width, columns.upperBound)
    }

    subscript(strip: Int) -> UnsafeMutablePointer<Float> { values + strip * width * rows }

    /// Takes over `count` rows of the matrix from `row` on, which lie `stride` floats apart at `source`.
    func fill(from row: Int, count: Int, _ source: UnsafePointer<Float>, _ stride: Int) {
        for strip in 0..<self.count {
            let columns = columns(strip), width = columns.count
            for r in 0..<count {
                (self[strip] + (row + r) * width).update(from: source + r * stride + columns.lowerBound, count: width)
            }
        }
    }
}
