import CKernels

/// What the model says of one target.
package struct TargetLikelihood: Sendable, Hashable {
    /// log p(target | what stands before it), in nats.
    package var logProbability: Double
    /// Entropy of the whole distribution at that place, in nats.
    package var entropy: Double
    /// Whether no token has a larger logit.
    package var isMostLikely: Bool
}

/// The final norm and the output matrix, for the rows that have targets only.
///
/// Logits are computed in chunks of rows. Up to `keptLogits` floats stay for the backward pass, which turns them into
/// their own gradient; later chunks are computed a second time.
final class OutputLayer {
    /// 512 MiB.
    private static let keptLogits = 128 << 20

    private let model: LanguageModel
    private let product: MatrixProduct
    private let weights: WeightMatrices
    private let kernels: RowKernels
    private let rowBuffer = GrowingBuffer<Float>(), logitBuffer = GrowingBuffer<Float>()

    /// Rows with targets, ascending, and for each the targets it has.
    private var rows: [Int] = []
    private var targetsOfRow: [[Int]] = []
    private var targetTokens: [Int] = []
    private var logSumExps: [Double] = []
    /// Which chunk each slot of logits holds.
    private var slots: [Int?] = []

    init(model: LanguageModel, product: MatrixProduct, weights: WeightMatrices, kernels: RowKernels) {
        self.model = model
        self.product = product
        self.weights = weights
        self.kernels = kernels
    }

    /// 512, or as few as keep one chunk of a very large vocabulary within `keptLogits`.
    private var chunkRows: Int { min(512, max(16, Self.keptLogits / vocabulary)) }
    private var width: Int { model.configuration.hiddenSize }
    private var vocabulary: Int { model.configuration.vocabularySize }
    private var chunks: Int { (rows.count + chunkRows - 1) / chunkRows }
    private func chunk(_ index: Int) -> Range<Int> {
        (index * chunkRows)..<min((index + 1) * chunkRows, rows.count)
    }

    /// Rows gathered from the stream, their norms' inverses, and the gradients of the rows and of their norms.
    private var gathered:
        (
            input: UnsafeMutablePointer<Float>, inputGradient: UnsafeMutablePointer<Float>,
            normedGradient: UnsafeMutablePointer<Float>, inverse: UnsafeMutablePointer<Float>
        )
    {
        let size = rows.count * width
        let base = rowBuffer.reserve(3 * size + rows.count)
        return (base, base + size, base + 2 * size, base + 3 * size)
    }

    /// The norms of the gathered rows from `first` on.
    private func normed(from first: Int) -> FactorRows {
        kernels.rmsNormed(
            gathered.input + first * width, weight: model.parameters.pointer + model.layout.finalNorm,
            inverse: gathered.inverse + first, width: width, epsilon: model.configuration.normEpsilon)
    }

    /// The likelihood of every target of `batch`, in its order; `stream` (rows, hiddenSize) leaves the last layer.
    func forward(_ stream: UnsafePointer<Float>, batch: PackedBatch, keepsLogits: Bool) -> [TargetLikelihood] {
        arrange(batch)
        let place = gathered
        kernels.overRows(rows.count) { first, count in
            for index in first..<(first + count) {
                (place.input + index * width).update(from: stream + rows[index] * width, count: width)
            }
        }
        let fitting = max(1, Self.keptLogits / (chunkRows * vocabulary))
        slots = [Int?](repeating: nil, count: keepsLogits ? min(max(chunks, 1), fitting) : 1)
        _ = logitBuffer.reserve(slots.count * min(chunkRows, max(rows.count, 1)) * vocabulary)

        var likelihoods = [TargetLikelihood](
            repeating: TargetLikelihood(logProbability: 0, entropy: 0, isMostLikely: false), count: targetTokens.count
        )
        logSumExps = [Double](repeating: 0, count: rows.count)
        for index in 0..<chunks {
            let logits = computeLogits(chunk: index), range = chunk(index)
            likelihoods.withUnsafeMutableBufferPointer { likelihoods in
                logSumExps.withUnsafeMutableBufferPointer { sums in
                    nonisolated(unsafe) let likelihoods = likelihoods, sums = sums
                    kernels.pool.run(range.count) { offset in
                        let row = logits + offset * vocabulary
                        let summary = kernel_likelihood(row, vocabulary)
                        sums[range.lowerBound + offset] = summary.log_sum_exp
                        for target in targetsOfRow[range.lowerBound + offset] {
                            let logit = row[targetTokens[target]]
                            likelihoods[target] = TargetLikelihood(
                                logProbability: Double(logit) - summary.log_sum_exp, entropy: summary.entropy,
                                isMostLikely: logit == summary.maximum)
                        }
                    }
                }
            }
        }
        return likelihoods
    }

    /// Adds to `streamGradient` (rows of the batch, hiddenSize) and to `gradient` (all parameters) what the targets'
    /// log-probabilities give. `stream` is the forward pass's; the kept logits are used up.
    func backward(
        _ targetGradients: [Float], stream: UnsafePointer<Float>, streamGradient: UnsafeMutablePointer<Float>,
        gradient: UnsafeMutablePointer<Float>
    ) {
        let place = gathered, output = model.layout.output
        for index in 0..<chunks {
            let range = chunk(index)
            let slot = min(index, slots.count - 1)
            let logits = slots[slot] == index ? slotPointer(slot) : computeLogits(chunk: index)
            slots[slot] = nil
            let logitGradient = FactorRows.finished(logits) { [self] first, count in
                for offset in first..<(first + count) {
                    let row = logits + offset * vocabulary, targets = targetsOfRow[range.lowerBound + offset]
                    let total = targets.reduce(Float(0)) { $0 + targetGradients[$1] }
                    kernel_likelihood_backward(row, vocabulary, logSumExps[range.lowerBound + offset], -total)
                    for target in targets { row[targetTokens[target]] += targetGradients[target] }
                }
            }
            product.backward(
                outputGradient: logitGradient, input: normed(from: range.lowerBound),
                weights[output], inputGradient: place.normedGradient + range.lowerBound * width,
                weightGradient: gradient + output.offset, rows: range.count)
        }
        place.inputGradient.update(repeating: 0, count: rows.count * width)
        kernels.rmsNormBackward(
            place.input, weight: model.parameters.pointer + model.layout.finalNorm, inverse: place.inverse,
            outputGradient: place.normedGradient, inputGradient: place.inputGradient,
            weightGradient: gradient + model.layout.finalNorm, rows: rows.count, width: width)
        for (index, row) in rows.enumerated() {
            kernel_add(place.inputGradient + index * width, streamGradient + row * width, width)
        }
    }

    /// The logits (rows of the chunk, vocabulary) in the chunk's slot.
    private func computeLogits(chunk index: Int) -> UnsafeMutablePointer<Float> {
        let range = chunk(index), slot = min(index, slots.count - 1)
        slots[slot] = index
        let logits = slotPointer(slot)
        product.forward(
            normed(from: range.lowerBound), weights[model.layout.output], logits, rows: range.count)
        return logits
    }

    private func slotPointer(_ slot: Int) -> UnsafeMutablePointer<Float> {
        logitBuffer.reserve(0) + slot * min(chunkRows, max(rows.count, 1)) * vocabulary
    }

    /// Sorts the targets by row: a row that several sequences share may have several.
    private func arrange(_ batch: PackedBatch) {
        targetTokens = batch.targets.map { Int($0.token) }
        let order = batch.targets.indices.sorted { (batch.targets[$0].row, $0) < (batch.targets[$1].row, $1) }
        rows = []
        targetsOfRow = []
        for target in order {
            if rows.last != batch.targets[target].row {
                rows.append(batch.targets[target].row)
                targetsOfRow.append([])
            }
            targetsOfRow[targetsOfRow.count - 1].append(target)
        }
    }
}
