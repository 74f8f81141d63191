import CKernels

extension Transformer {
    /// Adds to `gradient`, laid out as the model's parameters, what the targets' log-probabilities give.
    ///
    /// It does not clear `gradient`. Order of summation is fixed by the batch alone.
    /// - Parameter targetGradients: d loss / d log-probability of each target of the last forward pass, in its order.
    /// - Precondition: the last forward pass kept its activations, and the parameters have not changed since.
    package func backward(_ targetGradients: [Float], into gradient: FloatBuffer) {
        let pass = currentPass()
        precondition(
            targetGradients.count == pass.batch.targets.count,
            "Transformer: \(targetGradients.count) gradients for \(pass.batch.targets.count) targets")
        precondition(
            gradient.count == model.layout.count,
            "Transformer: a gradient of \(gradient.count) for \(model.layout.count) parameters")
        if pass.batch.rows == 0 { return }
        let configuration = model.configuration
        let rows = pass.batch.rows, C = configuration.hiddenSize, I = configuration.intermediateSize
        let width = configuration.querySize + 2 * configuration.keyValueSize
        let scratch = buffers.scratch([C, C, max(I, configuration.querySize), width])
        let workspace = BackwardWorkspace(
            stream: scratch[0], block: scratch[1], inner: scratch[2], queryKeyValue: scratch[3])
        clear(workspace.stream, rows, C)
        outputLayer.backward(
            targetGradients, stream: buffers.stream(configuration.layerCount), streamGradient: workspace.stream,
            gradient: gradient.pointer)
        for index in stride(from: configuration.layerCount - 1, through: 0, by: -1) {
            recomputeLayer(index, of: pass, scratch: workspace.block)
            feedForwardBackward(index, pass, workspace, gradient.pointer)
            attentionBackward(index, pass, workspace, gradient.pointer)
        }
        embedBackward(pass, workspace, gradient.pointer)
    }

    /// Scratch of the backward pass, each (rows, …).
    private struct BackwardWorkspace {
        /// Gradient of the residual stream (hiddenSize), carried from layer to layer.
        var stream: UnsafeMutablePointer<Float>
        /// Gradient of a block's output, then of its normed input (hiddenSize).
        var block: UnsafeMutablePointer<Float>
        /// Gradient inside a block (intermediateSize or querySize).
        var inner: UnsafeMutablePointer<Float>
        /// Gradient of query, key and value.
        var queryKeyValue: UnsafeMutablePointer<Float>
    }

    private func clear(_ values: UnsafeMutablePointer<Float>, _ rows: Int, _ width: Int) {
        kernels.overRows(rows) { first, count in
            (values + first * width).update(repeating: 0, count: count * width)
        }
    }

    /// The gradient of a block's output: the stream's own where nothing is dropped.
    private func blockGradient(
        _ pass: Pass, _ workspace: BackwardWorkspace, _ site: Dropout.Site, _ layer: Int
    ) -> UnsafePointer<Float> {
        guard pass.dropout != nil else { return UnsafePointer(workspace.stream) }
        let width = model.configuration.hiddenSize
        clear(workspace.block, pass.batch.rows, width)
        kernels.addBackward(
            workspace.stream, to: workspace.block, rows: pass.batch.rows, width: width, dropout: pass.dropout,
            site: site, layer: layer)
        return UnsafePointer(workspace.block)
    }

    private func feedForwardBackward(
        _ index: Int, _ pass: Pass, _ workspace: BackwardWorkspace, _ gradient: UnsafeMutablePointer<Float>
    ) {
        let places = model.layout.layers[index], layer = buffers.layer(index)
        let parameters = UnsafePointer(model.parameters.pointer)
        let rows = pass.batch.rows, C = model.configuration.hiddenSize, I = model.configuration.intermediateSize

        // Norms and SwiGLU's output are computed again, straight into the products that read them.
        product.backward(
            outputGradient: .stored(blockGradient(pass, workspace, .feedForward, index)),
            input: kernels.swiGLU(layer.gateUp, width: I), weights[places.down], inputGradient: workspace.inner,
            weightGradient: gradient + places.down.offset, rows: rows)
        let normed = kernels.rmsNormed(
            layer.middle, weight: parameters + places.feedForwardNorm, width: C,
            epsilon: model.configuration.normEpsilon)
        product.backward(
            outputGradient: kernels.swiGLUGradient(layer.gateUp, outputGradient: workspace.inner, width: I),
            input: normed, weights[places.gateUp], inputGradient: workspace.block,
            weightGradient: gradient + places.gateUp.offset, rows: rows)
        kernels.rmsNormBackward(
            layer.middle, weight: parameters + places.feedForwardNorm, inverse: layer.feedForwardInverse,
            outputGradient: workspace.block, inputGradient: workspace.stream,
            weightGradient: gradient + places.feedForwardNorm, rows: rows, width: C)
    }

    private func attentionBackward(
        _ index: Int, _ pass: Pass, _ workspace: BackwardWorkspace, _ gradient: UnsafeMutablePointer<Float>
    ) {
        let configuration = model.configuration, places = model.layout.layers[index], layer = buffers.layer(index)
        let parameters = UnsafePointer(model.parameters.pointer)
        let rows = pass.batch.rows, C = configuration.hiddenSize, Q = configuration.querySize
        let width = Q + 2 * configuration.keyValueSize

        product.backward(
            outputGradient: .stored(blockGradient(pass, workspace, .attention, index)),
            input: .stored(layer.attention), weights[places.attentionOutput], inputGradient: workspace.inner,
            weightGradient: gradient + places.attentionOutput.offset, rows: rows)
        clear(workspace.queryKeyValue, rows, width)
        attention.backward(
            layer.queryKeyValue, plan: pass.plan, outputGradient: workspace.inner, gradient: workspace.queryKeyValue,
            scratch: buffers.attentionScratch(attention.scratchCount(pass.plan, backward: true)))
        let normed = kernels.rmsNormed(
            layer.input, weight: parameters + places.attentionNorm, width: C, epsilon: configuration.normEpsilon)
        product.backward(
            outputGradient: kernels.turnedBack(
                workspace.queryKeyValue, positions: pass.batch.positions, table: rotaryTable(depth: pass.plan.depth),
                stride: width, heads: configuration.headCount + configuration.keyValueHeadCount),
            input: normed, weights[places.queryKeyValue], inputGradient: workspace.block,
            weightGradient: gradient + places.queryKeyValue.offset, rows: rows)
        kernels.rmsNormBackward(
            layer.input, weight: parameters + places.attentionNorm, inverse: layer.attentionInverse,
            outputGradient: workspace.block, inputGradient: workspace.stream,
            weightGradient: gradient + places.attentionNorm, rows: rows, width: C)
    }

    /// Adds each row's gradient to its token's embedding, rows in order.
    private func embedBackward(
        _ pass: Pass, _ workspace: BackwardWorkspace, _ gradient: UnsafeMutablePointer<Float>
    ) {
        let width = model.configuration.hiddenSize, tokens = pass.batch.tokens
        let upstream = blockGradient(pass, workspace, .embedding, 0)
        // Rows of one token go to one task: tokens repeat, and two tasks must not add to the same embedding.
        let order = tokens.indices.sorted { (tokens[$0], $0) < (tokens[$1], $1) }
        let starts = order.indices.filter { $0 == 0 || tokens[order[$0]] != tokens[order[$0 - 1]] }
        pool.run(starts.count) { group in
            let end = group + 1 < starts.count ? starts[group + 1] : order.count
            for row in order[starts[group]..<end] {
                let target = gradient + model.layout.embedding + Int(tokens[row]) * width
                kernel_add(upstream + row * width, target, width)
            }
        }
    }
}
