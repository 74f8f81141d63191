/// What a model makes of whole texts: a vector each, for telling which texts resemble each other.
///
/// The forward pass is the one that training uses, without dropout. A text's vector has the same bits whatever else is
/// computed beside it, in whatever order, with however many threads.
public final class TextEmbedder {
    private let transformer: Transformer
    private let rowBudget: Int
    private let normed = GrowingBuffer<Float>()

    /// - Parameter tokensPerMicroBatch: rows computed at once; results do not depend on it.
    public init(
        model: LanguageModel, precision: Precision = .single, pool: WorkerPool, tokensPerMicroBatch: Int = 2_048
    ) {
        precondition(tokensPerMicroBatch > 0, "TextEmbedder: \(tokensPerMicroBatch) tokens")
        transformer = Transformer(model: model, precision: precision, gradients: false, pool: pool)
        rowBudget = tokensPerMicroBatch
    }

    /// For each text its vector (hiddenSize): the mean over its tokens of the last hidden states after the final norm,
    /// scaled to length 1, so that the distance of two vectors orders texts as the cosine between them does.
    ///
    /// The vector is 0 where the mean is.
    /// - Parameter checkCancellation: called between micro-batches; what it throws ends the call.
    /// - Throws: what `checkCancellation` throws, or `ModelError` naming the text: one without tokens, with a token
    ///   outside the vocabulary, longer than the context, or whose states are not finite.
    public func embeddings(of texts: [[Int32]], checkCancellation: () throws -> Void = {}) throws -> [[Double]] {
        for (index, text) in texts.enumerated() {
            if text.isEmpty { throw ModelError.example(place: Self.place(index), problem: "there is no token") }
            try transformer.model.configuration.check(text, place: Self.place(index))
        }
        let sequences = texts.map(Self.sequence)
        var vectors: [[Double]] = []
        for range in MicroBatches.ranges(of: sequences.map { [$0] }, rowBudget: rowBudget) {
            try checkCancellation()
            let means = means(PackedBatch(Array(sequences[range])))
            for (index, mean) in zip(range, means) {
                vectors.append(try Self.unit(mean, place: Self.place(index)))
            }
        }
        return vectors
    }

    private static func place(_ index: Int) -> String { "embedding text \(index)" }

    /// The text, and behind it a token to be predicted, so that every row of the text is wanted. It is the only target: texts
    /// that begin alike, as judge prompts do, have their beginning computed once.
    private static func sequence(_ text: [Int32]) -> TargetedSequence {
        TargetedSequence(
            tokens: text + text.suffix(1), targetMask: [Bool](repeating: false, count: text.count) + [true])
    }

    /// The mean state (hiddenSize) of each sequence of the batch, its rows added up in the order of their positions.
    private func means(_ batch: PackedBatch) -> [[Double]] {
        guard let stream = transformer.residualStream(batch) else { return [] }
        let model = transformer.model, kernels = transformer.kernels, width = model.configuration.hiddenSize
        let states = normed.reserve(batch.rows * width)
        let norm = kernels.rmsNormed(
            stream, weight: model.parameters.pointer + model.layout.finalNorm, width: width,
            epsilon: model.configuration.normEpsilon)
        kernels.overRows(batch.rows) { first, count in
            _ = norm.rows(from: first, count: count, width: width, scratch: states + first * width)
        }
        let plan = AttentionPlan(batch)
        return batch.targets.map { target in
            let rows = Self.rows(upTo: target.row, in: plan)
            var sum = [Double](repeating: 0, count: width)
            for row in rows {
                for column in 0..<width { sum[column] += Double(states[row * width + column]) }
            }
            return sum.map { $0 / Double(rows.count) }
        }
    }

    /// The rows that `last` attends to, in the order of their positions.
    private static func rows(upTo last: Int, in plan: AttentionPlan) -> [Int] {
        guard let segment = plan.segments.firstIndex(where: { $0.rows.contains(last) }) else { return [] }
        let before = plan.ancestors[segment].flatMap { run in run.row..<(run.row + run.count) }
        return before + Array(plan.segments[segment].rows.lowerBound...last)
    }

    private static func unit(_ vector: [Double], place: String) throws -> [Double] {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length.isFinite else { throw ModelError.notFinite(place: place) }
        return length > 0 ? vector.map { $0 / length } : vector
    }
}
