import Foundation
import Model
import Testing

/// The whole transformer's gradient against differences of its own loss, and what must not change its numbers.
@Suite("Transformer")
struct TransformerGradientTests {
    static let sequences = [
        RandomModel.sequence(9, firstTarget: 4, seed: 1), RandomModel.sequence(2, firstTarget: 1, seed: 2),
        RandomModel.sequence(30, firstTarget: 11, seed: 3),
    ]

    static func lossAndGradient(
        _ model: LanguageModel, _ sequences: [TargetedSequence], dropout: Dropout? = nil, threads: Int = 2
    ) throws -> (loss: Double, gradient: FloatBuffer) {
        let transformer = Transformer(model: model, pool: WorkerPool(threads: threads))
        let found = transformer.forward(PackedBatch(sequences), dropout: dropout, keepActivations: true)
        let gradient = FloatBuffer(count: model.layout.count)
        transformer.backward([Float](repeating: -1, count: found.count), into: gradient)
        return (-found.reduce(0) { $0 + $1.logProbability }, gradient)
    }

    @Test("the gradient is the slope of the loss along a direction", arguments: [0, 0.3], [true, false])
    func slope(dropoutProbability: Double, tied: Bool) throws {
        var shape = RandomModel.small
        shape.tiesEmbeddings = tied
        let model = try RandomModel.make(shape)
        let dropout =
            dropoutProbability > 0
            ? Dropout(probability: dropoutProbability, seed: 3, step: 4, microBatch: 5) : nil
        let (_, gradient) = try Self.lossAndGradient(model, Self.sequences, dropout: dropout)
        for tensor in model.layout.tensors {
            // Along the gradient itself the slope is its norm; the step moves each tensor by a small part.
            let norm = tensor.range.reduce(0.0) { $0 + Double(gradient[$1]) * Double(gradient[$1]) }.squareRoot()
            let step = 2e-3 / norm
            func loss(_ sign: Double) throws -> Double {
                let moved = try LanguageModel(configuration: shape)
                moved.parameters.copy(from: model.parameters)
                for index in tensor.range {
                    moved.parameters[index] += Float(sign * step * Double(gradient[index]))
                }
                return try Self.lossAndGradient(moved, Self.sequences, dropout: dropout).loss
            }
            let slope = try (loss(1) - loss(-1)) / (2 * step) / norm
            // Losses near 100 in single precision: 1e-5 of error over a difference of 4e-3 times the slope.
            #expect(abs(slope - norm) < 0.02 * norm + 0.01, "\(tensor.name): slope \(slope), norm \(norm)")
        }
    }

    @Test("gradients are added to what is there")
    func accumulates() throws {
        let model = try RandomModel.make()
        let transformer = Transformer(model: model, pool: WorkerPool(threads: 2))
        let gradient = FloatBuffer(count: model.layout.count)
        let batch = PackedBatch(Self.sequences)
        for _ in 0..<2 {
            let found = transformer.forward(batch, keepActivations: true)
            transformer.backward([Float](repeating: -1, count: found.count), into: gradient)
        }
        let once = try Self.lossAndGradient(model, Self.sequences).gradient
        for index in 0..<gradient.count {
            #expect(abs(gradient[index] - 2 * once[index]) <= 1e-4 * max(1, abs(once[index])))
        }
    }

    @Test("no bit depends on the number of threads", arguments: [1, 3])
    func threads(count: Int) throws {
        let model = try RandomModel.make()
        let dropout = Dropout(probability: 0.2, seed: 8, step: 1, microBatch: 0)
        let expected = try Self.lossAndGradient(model, Self.sequences, dropout: dropout, threads: 2)
        let found = try Self.lossAndGradient(model, Self.sequences, dropout: dropout, threads: count)
        #expect(found.loss == expected.loss)
        for index in 0..<found.gradient.count { #expect(found.gradient[index] == expected.gradient[index]) }
    }

    @Test("a merged prompt gives the gradient of two whole sequences")
    func mergedPrompt() throws {
        let model = try RandomModel.make()
        let first = RandomModel.sequence(20, firstTarget: 12, seed: 5)
        var second = RandomModel.sequence(25, firstTarget: 12, seed: 6)
        second.tokens.replaceSubrange(..<12, with: first.tokens[..<12])
        let together = try Self.lossAndGradient(model, [first, second])
        let one = try Self.lossAndGradient(model, [first]), two = try Self.lossAndGradient(model, [second])
        // Each target's log-probability has the same bits; their sum is taken in another order.
        #expect(abs(together.loss - (one.loss + two.loss)) < 1e-12 * together.loss)
        for index in 0..<together.gradient.count {
            let sum = one.gradient[index] + two.gradient[index]
            #expect(abs(together.gradient[index] - sum) <= 2e-5 * max(1, abs(sum)))
        }
    }
}
