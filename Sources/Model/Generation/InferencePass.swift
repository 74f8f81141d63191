import CKernels

/// Consecutive rows of one sequence: what one step computes of it.
package struct RowSpan: Sendable {
    /// Pages that hold the sequence's positions from 0, these rows' included.
    package var pages: [Int]
    /// Position of the first row.
    package var first: Int
    package var tokens: [Int32]
    /// Whether the last row's logits are wanted.
    package var wantsLogits: Bool
}

/// The transformer's forward pass over rows of many sequences, with keys and values in pages.
///
/// Prompt rows and decoded rows go through the same arithmetic, and a row's result depends on its own sequence alone:
/// products and kernels treat rows independently, and attention sums by absolute position.
final class InferencePass {
    let pages: KeyValuePages
    private let model: LanguageModel
    private let product: MatrixProduct
    private let weights: WeightMatrices
    private let kernels: RowKernels
    private let maximumRows: Int
    private let maximumLogitRows: Int
    private var rotary: RotaryTable

    /// (rows, hiddenSize) each.
    private let residual, projected: FloatBuffer
    /// (rows, querySize + 2 · keyValueSize)
    private let queryKeyValue: FloatBuffer
    /// (rows, querySize)
    private let attended: FloatBuffer
    /// (rows, 2 · intermediateSize)
    private let gateUp: FloatBuffer
    /// (logit rows, vocabularySize)
    private let logits: FloatBuffer

    init(
        model: LanguageModel, precision: Precision, weights format: WeightFormat, pool: WorkerPool, rows: Int,
        logitRows: Int, cacheBytes: Int
    ) {
        let shape = model.configuration
        self.model = model
        product = MatrixProduct(precision: precision, pool: pool)
        weights = WeightMatrices(model, for: product, gradients: false, format: format)
        kernels = RowKernels(pool: pool)
        maximumRows = rows
        maximumLogitRows = logitRows
        pages = KeyValuePages(shape, precision: precision, bytes: cacheBytes)
        rotary = RotaryTable(positions: 0, headSize: shape.headSize, theta: shape.ropeTheta)
        residual = FloatBuffer(count: rows * shape.hiddenSize)
        projected = FloatBuffer(count: rows * shape.hiddenSize)
        queryKeyValue = FloatBuffer(count: rows * (shape.querySize + 2 * shape.keyValueSize))
        attended = FloatBuffer(count: rows * shape.querySize)
        gateUp = FloatBuffer(count: rows * 2 * shape.intermediateSize)
        logits = FloatBuffer(count: logitRows * shape.vocabularySize)
    }

    /// Prepares for positions below `count`.
    func cover(positions count: Int) {
        if count <= rotary.positions { return }
        let shape = model.configuration
        rotary = RotaryTable(positions: count, headSize: shape.headSize, theta: shape.ropeTheta)
    }

    /// Logits (vocabularySize) of the `index`-th span that wanted them.
    func logits(_ index: Int) -> UnsafePointer<Float> {
        UnsafePointer(logits.pointer + index * model.configuration.vocabularySize)
    }

    /// Computes `spans`: keys and values into their pages, and the logits that are wanted.
    ///
    /// - Precondition: the spans fit the rows and logit rows this pass was made for, and `cover` their positions.
    func run(_ spans: [RowSpan]) {
        let rows = spans.reduce(0) { $0 + $1.tokens.count }
        let wanted = spans.count(where: \.wantsLogits)
        precondition(rows <= maximumRows, "InferencePass: \(rows) rows, made for \(maximumRows)")
        precondition(wanted <= maximumLogitRows, "InferencePass: \(wanted) logit rows, made for \(maximumLogitRows)")
        if rows == 0 { return }
        let shape = model.configuration
        let plan = StepPlan(spans, pages: pages, shape: shape)
        embed(spans)
        for (index, layer) in model.layout.layers.enumerated() {
            attention(index, layer, plan, rows: rows)
            feedForward(layer, rows: rows)
        }
        outputs(spans)
    }

    private func parameters(_ offset: Int) -> UnsafePointer<Float> {
        UnsafePointer(model.parameters.pointer + offset)
    }

    private func embed(_ spans: [RowSpan]) {
        let C = model.configuration.hiddenSize
        for (row, token) in spans.lazy.flatMap(\.tokens).enumerated() {
            (residual.pointer + row * C).update(from: parameters(model.layout.embedding + Int(token) * C), count: C)
        }
    }

    /// residual += attention(normed), with this step's keys and values stored first.
    private func attention(_ index: Int, _ layer: ParameterLayout.Layer, _ plan: StepPlan, rows: Int) {
        let shape = model.configuration
        let C = shape.hiddenSize, Q = shape.querySize, KV = shape.keyValueSize, D = shape.headSize
        let stride = Q + 2 * KV, layerOffset = index * pages.layerStride
        product.forward(
            normed(residual, layer.attentionNorm), weights[layer.queryKeyValue], queryKeyValue.pointer, rows: rows)
        let values = queryKeyValue.pointer
        kernels.overRows(rows) { first, count in
            plan.positions.withUnsafeBufferPointer {
                kernel_rotary(
                    values + first * stride, $0.baseAddress! + first, rotary.cosine.pointer, rotary.sine.pointer,
                    count,
                    stride, shape.headCount + shape.keyValueHeadCount, D)
            }
            for row in first..<(first + count) {
                let key = values + row * stride + Q
                pages.store(
                    keys: key, values: key + KV, at: Int(plan.positions[row]), in: plan.rowPages[row] + layerOffset,
                    heads: shape.keyValueHeadCount, headSize: D)
            }
        }
        let output = attended.pointer, group = shape.headCount / shape.keyValueHeadCount
        let scale = Float(1 / Double(D).squareRoot())
        // Head by head, so that sequences with shared pages find them in the CPU's cache.
        plan.pointers.withUnsafeBufferPointer { pointers in
            kernels.pool.run(plan.blocks.count * shape.keyValueHeadCount) { task in
                let head = task / plan.blocks.count, block = plan.blocks[task % plan.blocks.count]
                let scratch = kernel_page_attention_scratch(block.first + block.rows, D)
                withUnsafeTemporaryAllocation(of: Float.self, capacity: scratch) {
                    let attend =
                        switch pages.precision {
                        case .single: kernel_page_attention
                        case .bfloat16: kernel_page_attention_bfloat16
                        }
                    attend(
                        values + block.row * stride + head * group * D, stride,
                        output + block.row * Q + head * group * D, Q, block.rows, group, block.first,
                        pointers.baseAddress! + block.pointer, layerOffset + head * pages.headStride, D, scale,
                        $0.baseAddress!)
                }
            }
        }
        product.forward(.stored(output), weights[layer.attentionOutput], projected.pointer, rows: rows)
        kernels.add(projected.pointer, to: residual.pointer, rows: rows, width: C)
    }

    /// residual += down(silu(gate) · up) of the normed residual.
    private func feedForward(_ layer: ParameterLayout.Layer, rows: Int) {
        let shape = model.configuration, C = shape.hiddenSize, I = shape.intermediateSize
        product.forward(
            normed(residual, layer.feedForwardNorm), weights[layer.gateUp], gateUp.pointer, rows: rows)
        product.forward(
            kernels.swiGLU(gateUp.pointer, width: I), weights[layer.down], projected.pointer, rows: rows)
        kernels.add(projected.pointer, to: residual.pointer, rows: rows, width: C)
    }

    /// Logits of the last rows of the spans that want them.
    private func outputs(_ spans: [RowSpan]) {
        let shape = model.configuration, C = shape.hiddenSize
        var row = 0, wanted = 0
        for span in spans {
            row += span.tokens.count
            if !span.wantsLogits { continue }
            (projected.pointer + wanted * C).update(from: residual.pointer + (row - 1) * C, count: C)
            wanted += 1
        }
        product.forward(
            normed(projected, model.layout.finalNorm), weights[model.layout.output], logits.pointer, rows: wanted)
    }

    private func normed(_ values: FloatBuffer, _ weight: Int) -> FactorRows {
        kernels.rmsNormed(
            values.pointer, weight: parameters(weight), width: model.configuration.hiddenSize,
            epsilon: model.configuration.normEpsilon)
    }
}

/// Where the rows of one step stand; the same for every layer.
private struct StepPlan {
    /// Rows of one sequence that attention treats together.
    struct Block {
        /// First row, its position, and how many rows.
        var row: Int, first: Int, rows: Int
        /// Where the sequence's pages begin in `pointers`.
        var pointer: Int
    }

    /// Position of each row.
    private(set) var positions: [Int32] = []
    /// Page that holds each row's position.
    private(set) var rowPages: [UnsafeMutablePointer<UInt32>] = []
    /// Pages of all sequences, one sequence after the other.
    private(set) var pointers: [UnsafeRawPointer?] = []
    private(set) var blocks: [Block] = []

    init(_ spans: [RowSpan], pages: KeyValuePages, shape: ModelConfiguration) {
        // Enough query vectors a block to use each load of a key many times.
        let blockRows = max(1, 24 / (shape.headCount / shape.keyValueHeadCount))
        for span in spans {
            let row = positions.count, count = span.tokens.count
            for offset in stride(from: 0, to: count, by: blockRows) {
                blocks.append(
                    Block(
                        row: row + offset, first: span.first + offset, rows: min(blockRows, count - offset),
                        pointer: pointers.count))
            }
            for position in span.first..<(span.first + count) {
                positions.append(Int32(position))
                rowPages.append(pages.pointer(span.pages[position / KeyValuePages.positions]))
            }
            pointers += span.pages.map { UnsafeRawPointer(pages.pointer($0)) }
        }
    }
}
