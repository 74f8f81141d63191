import CKernels

/// Inverted dropout on the residual stream's inputs: the embeddings, each attention block's output and each
/// feed-forward block's output, before they are added (paper §3.1.3 gives the rate, .1).
///
/// Whether an element is dropped is a function of (seed, step, micro-batch, layer, site, row of the micro-batch,
/// column) through Philox, so it is the same for any number of threads, is drawn again rather than stored for the
/// backward pass, and is the same after a resume. Rows that several sequences share (a merged prompt) share their mask.
package struct Dropout: Sendable, Hashable {
    package enum Site: UInt64, Sendable { case embedding, attention, feedForward }

    /// How many steps, and micro-batches of a step, have random numbers of their own.
    static let steps = 1 << 24
    static let microBatches = 1 << 20

    package var probability: Double
    package var seed: UInt64
    package var step: Int
    package var microBatch: Int

    package init(probability: Double, seed: UInt64, step: Int, microBatch: Int) {
        precondition(probability >= 0 && probability < 1, "Dropout: probability \(probability)")
        precondition(
            step < Self.steps && microBatch < Self.microBatches, "Dropout: step \(step), micro-batch \(microBatch)")
        self.probability = probability
        self.seed = seed
        self.step = step
        self.microBatch = microBatch
    }

    /// Bits of the stream: step 24, micro-batch 20, layer 16, site 4.
    func site(_ site: Site, layer: Int) -> kernel_dropout_site {
        kernel_dropout_site(
            key: seed, stream: UInt64(step) << 40 | UInt64(microBatch) << 20 | UInt64(layer) << 4 | site.rawValue,
            threshold: UInt32(probability * 0x1p32), scale: Float(1 / (1 - probability)))
    }
}

extension RowKernels {
    /// `sum` (rows, width) += `values`, through `dropout` at a site; plainly when it is nil.
    func add(
        _ values: UnsafePointer<Float>, to sum: UnsafeMutablePointer<Float>, rows: Int, width: Int,
        dropout: Dropout?, site: Dropout.Site, layer: Int
    ) {
        guard let place = dropout.map({ $0.site(site, layer: layer) }) else {
            return add(values, to: sum, rows: rows, width: width)
        }
        overRows(rows) { first, count in
            kernel_dropout_add(values + first * width, sum + first * width, first, count, width, place)
        }
    }

    /// `gradient` (rows, width) += what reached the site's output, where the forward pass kept the element.
    func addBackward(
        _ outputGradient: UnsafePointer<Float>, to gradient: UnsafeMutablePointer<Float>, rows: Int, width: Int,
        dropout: Dropout?, site: Dropout.Site, layer: Int
    ) {
        guard let place = dropout.map({ $0.site(site, layer: layer) }) else {
            return add(outputGradient, to: gradient, rows: rows, width: width)
        }
        overRows(rows) { first, count in
            kernel_dropout_add_backward(
                outputGradient + first * width, gradient + first * width, first, count, width, place)
        }
    }
}
