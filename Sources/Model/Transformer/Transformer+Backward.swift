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
        let scratch = buffers.scratch([C, C, C, max(I, configuration.querySize), I, max(2 * I, width)])
        let workspace = BackwardWorkspace(
            stream: scratch[0], block: scratch[1], normed: scratch[2], inner: scratch[3], activated: scratch[4],
            wide: scratch[5])
        clear(workspace.stream, rows, C)
        outputLayer.backward(
            targetGradients, stream: buffers.stream(configuration.layerCount), streamGradient: workspace.stream,
            gradient: gradient.pointer)
        for index in stride(from: configuration.layerCount - 1, through: 0, by: -1) {
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
        /// A norm's output, computed again (hiddenSize).
        var normed: UnsafeMutablePointer<Float>
        /// Gradient inside a block (intermediateSize or querySize).
        var inner: UnsafeMutablePointer<Float>
        /// SwiGLU's output, computed again (intermediateSize).
        var activated: UnsafeMutablePointer<Float>
        /// Gradient of gate and up, or of query, key and value.
        var wide: UnsafeMutablePointer<Float>
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

        let upstream = blockGradient(pass, workspace, .feedForward, index)
        kernels.swiGLU(layer.gateUp, into: workspace.activated, rows: rows, width: I)
        product.weightGradient(
            upstream, workspace.activated, gradient + places.down.offset, rows: rows, inFeatures: I, outFeatures: C)
        product.inputGradient(upstream, weights[places.down], workspace.inner, rows: rows)
        clear(workspace.wide, rows, 2 * I)
        kernels.swiGLUBackward(
            layer.gateUp, outputGradient: workspace.inner, gateUpGradient: workspace.wide, rows: rows, width: I)
        kernels.rmsNorm(
            layer.middle, weight: parameters + places.feedForwardNorm, into: workspace.normed, rows: rows, width: C,
            epsilon: model.configuration.normEpsilon)
        product.weightGradient(
            workspace.wide, workspace.normed, gradient + places.gateUp.offset, rows: rows, inFeatures: C,
            outFeatures: 2 * I)
        product.inputGradient(workspace.wide, weights[places.gateUp], workspace.block, rows: rows)
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

        let upstream = blockGradient(pass, workspace, .attention, index)
        product.weightGradient(
            upstream, layer.attention, gradient + places.attentionOutput.offset, rows: rows, inFeatures: Q,
            outFeatures: C)
        product.inputGradient(upstream, weights[places.attentionOutput], workspace.inner, rows: rows)
        clear(workspace.wide, rows, width)
        attention.backward(
            layer.queryKeyValue, plan: pass.plan, outputGradient: workspace.inner, gradient: workspace.wide,
            scratch: buffers.attentionScratch(attention.scratchCount(pass.plan, backward: true)))
        let table = rotaryTable(depth: pass.plan.depth)
        pass.batch.positions.withUnsafeBufferPointer { positions in
            guard let positions = positions.baseAddress else { return }
            kernels.rotateBackward(
                workspace.wide, positions: positions, table: table, rows: rows, stride: width,
                heads: configuration.headCount + configuration.keyValueHeadCount)
        }
        kernels.rmsNorm(
            layer.input, weight: parameters + places.attentionNorm, into: workspace.normed, rows: rows, width: C,
            epsilon: configuration.normEpsilon)
        product.weightGradient(
            workspace.wide, workspace.normed, gradient + places.queryKeyValue.offset, rows: rows, inFeatures: C,
            outFeatures: width)
        product.inputGradient(workspace.wide, weights[places.queryKeyValue], workspace.block, rows: rows)
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
