/// The transformer's computation over a packed batch: forward here, backward in `Transformer+Backward.swift`.
///
/// It owns the step's memory, kept from one batch to the next, and computes one batch at a time.
package final class Transformer {
    package let model: LanguageModel
    package let pool: WorkerPool
    let product: MatrixProduct
    let weights: WeightMatrices
    let kernels: RowKernels
    let attention: Attention
    let buffers: StepBuffers
    let outputLayer: OutputLayer
    private let recomputesActivations: Bool
    private var rotaryTable: RotaryTable
    private var pass: Pass?

    /// The forward pass that a backward pass goes back over.
    struct Pass {
        var batch: PackedBatch
        var plan: AttentionPlan
        var dropout: Dropout?
        var keepsActivations: Bool
    }

    /// - Parameters:
    ///   - gradients: whether `backward` will be called.
    ///   - recomputesActivations: whether the backward pass computes each layer again instead of keeping it: a third more
    ///     arithmetic, a seventh of the memory, the same bits.
    package init(
        model: LanguageModel, precision: Precision = .single, gradients: Bool = true,
        recomputesActivations: Bool = false, pool: WorkerPool
    ) {
        self.model = model
        self.recomputesActivations = recomputesActivations
        self.pool = pool
        product = MatrixProduct(precision: precision, pool: pool)
        weights = WeightMatrices(model, for: product, gradients: gradients)
        kernels = RowKernels(pool: pool)
        attention = Attention(model.configuration, precision: precision, pool: pool)
        buffers = StepBuffers(model.configuration)
        outputLayer = OutputLayer(model: model, product: product, weights: weights, kernels: kernels)
        rotaryTable = RotaryTable(
            positions: min(model.configuration.contextLength, 512), headSize: model.configuration.headSize,
            theta: model.configuration.ropeTheta)
    }

    /// Floats held of the layers of the largest batch so far.
    package var activationCount: Int { buffers.activationCount }

    /// Takes over what the model's parameters have become.
    package func parametersChanged() { weights.pack() }

    /// Computes the batch up to the log-probability of every target, in the order of `batch.targets`.
    ///
    /// - Parameters:
    ///   - dropout: nil to compute with all elements, as at inference.
    ///   - keepActivations: whether `backward` will follow.
    /// - Precondition: every token is in the vocabulary.
    package func forward(
        _ batch: PackedBatch, dropout: Dropout? = nil, keepActivations: Bool
    ) -> [TargetLikelihood] {
        guard let stream = residualStream(batch, dropout: dropout, keepActivations: keepActivations) else {
            return []
        }
        return outputLayer.forward(stream, batch: batch, keepsLogits: keepActivations)
    }

    /// What leaves the last layer (rows, hiddenSize), before the final norm; nil for a batch without rows.
    ///
    /// Each row's bits depend on its own sequence alone. They stay in place until the next batch is computed.
    package func residualStream(
        _ batch: PackedBatch, dropout: Dropout? = nil, keepActivations: Bool = false
    ) -> UnsafePointer<Float>? {
        let plan = AttentionPlan(batch)
        pass = Pass(batch: batch, plan: plan, dropout: dropout, keepsActivations: keepActivations)
        if batch.rows == 0 { return nil }
        buffers.prepare(
            rows: batch.rows, keeping: !keepActivations ? .nothing : recomputesActivations ? .streams : .layers)
        embed(batch, dropout: dropout)
        let result = buffers.scratch([model.configuration.hiddenSize])[0]
        for layer in 0..<model.configuration.layerCount { forwardLayer(layer, batch, plan, dropout, scratch: result) }
        return UnsafePointer(buffers.stream(model.configuration.layerCount))
    }

    /// The pass that `backward` continues.
    func currentPass() -> Pass {
        guard let pass, pass.keepsActivations else {
            preconditionFailure("Transformer: backward needs a forward pass that kept its activations")
        }
        return pass
    }

    /// Puts layer `index` of the pass into its buffers again, where it was not kept.
    /// - Parameter scratch: (rows, hiddenSize)
    func recomputeLayer(_ index: Int, of pass: Pass, scratch: UnsafeMutablePointer<Float>) {
        if recomputesActivations { forwardLayer(index, pass.batch, pass.plan, pass.dropout, scratch: scratch) }
    }

    /// Angles for positions up to `depth`; the table doubles when a longer sequence comes.
    func rotaryTable(depth: Int) -> RotaryTable {
        if rotaryTable.positions < depth {
            rotaryTable = RotaryTable(
                positions: max(depth, 2 * rotaryTable.positions), headSize: rotaryTable.headSize,
                theta: model.configuration.ropeTheta)
        }
        return rotaryTable
    }

    private func embed(_ batch: PackedBatch, dropout: Dropout?) {
        let width = model.configuration.hiddenSize
        let table = model.parameters.pointer + model.layout.embedding
        let stream = buffers.stream(0)
        guard let dropout else {
            return kernels.overRows(batch.rows) { first, count in
                for row in first..<(first + count) {
                    (stream + row * width).update(from: table + Int(batch.tokens[row]) * width, count: width)
                }
            }
        }
        let embedded = buffers.scratch([width])[0]
        kernels.overRows(batch.rows) { first, count in
            for row in first..<(first + count) {
                (embedded + row * width).update(from: table + Int(batch.tokens[row]) * width, count: width)
            }
            (stream + first * width).update(repeating: 0, count: count * width)
        }
        kernels.add(
            embedded, to: stream, rows: batch.rows, width: width, dropout: dropout, site: .embedding, layer: 0)
    }

    /// - Parameter result: (rows, hiddenSize) scratch.
    private func forwardLayer(
        _ index: Int, _ batch: PackedBatch, _ plan: AttentionPlan, _ dropout: Dropout?,
        scratch result: UnsafeMutablePointer<Float>
    ) {
        let configuration = model.configuration, places = model.layout.layers[index]
        let parameters = UnsafePointer(model.parameters.pointer)
        let rows = batch.rows, C = configuration.hiddenSize
        let width = configuration.querySize + 2 * configuration.keyValueSize
        let layer = buffers.layer(index)

        let attentionInput = kernels.rmsNormed(
            layer.input, weight: parameters + places.attentionNorm, inverse: layer.attentionInverse, width: C,
            epsilon: configuration.normEpsilon)
        product.forward(attentionInput, weights[places.queryKeyValue], layer.queryKeyValue, rows: rows)
        let table = rotaryTable(depth: plan.depth)
        batch.positions.withUnsafeBufferPointer { positions in
            guard let positions = positions.baseAddress else { return }
            kernels.rotate(
                layer.queryKeyValue, positions: positions, table: table, rows: rows, stride: width,
                heads: configuration.headCount + configuration.keyValueHeadCount)
        }
        attention.forward(
            layer.queryKeyValue, plan: plan, into: layer.attention,
            scratch: buffers.attentionScratch(attention.scratchCount(plan, backward: false)))
        product.forward(.stored(layer.attention), weights[places.attentionOutput], result, rows: rows)
        continueStream(from: layer.input, adding: result, into: layer.middle, rows, dropout, .attention, index)

        let feedForwardInput = kernels.rmsNormed(
            layer.middle, weight: parameters + places.feedForwardNorm, inverse: layer.feedForwardInverse, width: C,
            epsilon: configuration.normEpsilon)
        product.forward(feedForwardInput, weights[places.gateUp], layer.gateUp, rows: rows)
        product.forward(
            kernels.swiGLU(layer.gateUp, width: configuration.intermediateSize), weights[places.down], result,
            rows: rows)
        continueStream(from: layer.middle, adding: result, into: layer.output, rows, dropout, .feedForward, index)
    }

    /// `output` = `stream` + dropout(`block`), each (rows, hiddenSize).
    private func continueStream(
        from stream: UnsafePointer<Float>, adding block: UnsafePointer<Float>,
        into output: UnsafeMutablePointer<Float>, _ rows: Int, _ dropout: Dropout?, _ site: Dropout.Site, _ layer: Int
    ) {
        let width = model.configuration.hiddenSize
        kernels.overRows(rows) { first, count in
            (output + first * width).update(from: stream + first * width, count: count * width)
        }
        kernels.add(block, to: output, rows: rows, width: width, dropout: dropout, site: site, layer: layer)
    }
}
