import Foundation
import Model
import Testing

@Suite("Training factors of low rank")
struct LowRankAdapterTests {
    private static let lowRank = LowRankConfiguration(rank: 3, alpha: 6)

    private func trainer(
        _ task: TrainingTask = TrainerTests.supervised, _ lowRank: LowRankConfiguration? = lowRank,
        dropout: Double = 0,
        precision: Precision = .single, threads: Int = 2
    ) throws -> Trainer {
        let configuration = TrainerTests.configuration(epochs: 4, dropout: dropout, clip: nil, lowRank: lowRank)
        return try TrainerTests.trainer(task, configuration, precision, threads: threads)
    }

    private func parameters(_ trainer: Trainer) -> [Float] {
        trainer.model.parameters.withUnsafeBufferPointer { Array($0) }
    }

    @Test("before the first update the model is the one that was given")
    func start() throws {
        let adapted = try trainer(), plain = try trainer(TrainerTests.supervised, nil)
        #expect(parameters(adapted) == parameters(plain))
        #expect(try adapted.step()?.values["loss"] == plain.step()?.values["loss"])
    }

    @Test("the layers' matrices alone change, each by a matrix of the rank")
    func rank() throws {
        let trainer = try trainer(), before = parameters(trainer)
        while try trainer.step() != nil {}
        let after = parameters(trainer)
        for tensor in trainer.model.layout.tensors {
            let change = tensor.range.map { Double(after[$0]) - Double(before[$0]) }
            guard tensor.isMatrix, tensor.name.contains(".layers.") else {
                #expect(change.allSatisfy { $0 == 0 }, "\(tensor.name)")
                continue
            }
            let largest = change.map(abs).max() ?? 0
            #expect(largest > 1e-4, "\(tensor.name)")
            // What single precision rounds off the weights is no part of the change.
            let rank = Self.rank(change, rows: tensor.shape[0], above: 1e-6)
            #expect(rank == Self.lowRank.rank, "\(tensor.name) changed by rank \(rank)")
        }
    }

    /// The rank of a matrix by elimination with full pivoting, where pivots of up to `tolerance` count as none.
    private static func rank(_ matrix: [Double], rows: Int, above tolerance: Double) -> Int {
        let columns = matrix.count / rows
        var rest = (0..<rows).map { Array(matrix[($0 * columns)..<(($0 + 1) * columns)]) }
        for rank in 0..<min(rows, columns) {
            var pivot = (row: 0, column: 0)
            for row in rest.indices {
                for column in 0..<columns where abs(rest[row][column]) > abs(rest[pivot.row][pivot.column]) {
                    pivot = (row, column)
                }
            }
            let line = rest.remove(at: pivot.row)
            if abs(line[pivot.column]) <= tolerance { return rank }
            for row in rest.indices {
                let factor = rest[row][pivot.column] / line[pivot.column]
                for column in 0..<columns { rest[row][column] -= factor * line[column] }
            }
        }
        return min(rows, columns)
    }

    /// With B at zero, dA is zero and dB = s · dW · Aᵀ: the first step of AdamW moves every element of B by the rate against
    /// the sign of its gradient, and so W by − s · rate · sign(dW · Aᵀ) · A.
    @Test("the first update goes down the gradient, and its size is that of the scale α / r")
    func scale() throws {
        func moved(alpha: Double) throws -> (change: [Double], losses: [Double]) {
            let trainer = try TrainerTests.trainer(
                TrainerTests.supervised,
                OptimizationConfiguration(
                    schedule: .init(peak: 1e-3, floor: 1e-3, warmupSteps: 0), epochs: 1, batchSize: 7, dropout: 0,
                    maximumGradientNorm: nil, lowRank: .init(rank: 3, alpha: alpha)))
            let before = parameters(trainer), loss = try trainer.evaluate(TrainerTests.supervised)["loss"]
            _ = try trainer.step()
            let after = try trainer.evaluate(TrainerTests.supervised)["loss"]
            return (
                zip(parameters(trainer), before).map { Double($0) - Double($1) },
                [try #require(loss), try #require(after)]
            )
        }
        let small = try moved(alpha: 3), large = try moved(alpha: 12)
        #expect(small.losses[1] < small.losses[0])
        #expect((small.change.map(abs).max() ?? 0) > 1e-4)
        // A tiny gradient is not large against AdamW's epsilon, and weights are rounded.
        let errors = zip(small.change, large.change).map { abs($1 - 4 * $0) }
        #expect((errors.max() ?? 1) < 5e-5)
    }

    @Test("the loss falls, in both precisions and for both kinds", arguments: Precision.allCases)
    func learns(precision: Precision) throws {
        for task in [TrainerTests.supervised, TrainerTests.preference] {
            let trainer = try trainer(task, .init(rank: 4, alpha: 32), precision: precision)
            var losses: [Double] = []
            while let step = try trainer.step() { losses.append(try #require(step.values["loss"])) }
            let end = try #require(try trainer.evaluate(task)["loss"])
            #expect(end < losses[0], "\(losses) \(end)")
        }
    }

    @Test("threads change nothing, and a run resumed after any step ends as if it had not stopped")
    func resume() throws {
        let whole = try TrainerTests.finish(trainer(dropout: 0.1))
        #expect(try TrainerTests.finish(trainer(dropout: 0.1, threads: 3)).parameters == whole.parameters)
        let file = FileManager.default.temporaryDirectory.appending(path: "state-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        for stop in [0, 1, 5] {
            let first = try trainer(dropout: 0.1)
            for _ in 0..<stop { _ = try first.step() }
            try first.saveState(to: file)
            let second = try trainer(dropout: 0.1)
            try second.restoreState(from: file)
            let rest = try TrainerTests.finish(second)
            #expect(rest.steps == Array(whole.steps[stop...]) && rest.parameters == whole.parameters)
        }
        // The state of one is no state of the other.
        let plain = try trainer(TrainerTests.supervised, nil)
        #expect(throws: ModelError.self) { try plain.restoreState(from: file) }
    }

    @Test("a rank or scale that cannot be is refused", arguments: [(0, 8.0), (5000, 8), (4, 0), (4, .nan)])
    func limits(rank: Int, alpha: Double) {
        let configuration = TrainerTests.configuration(lowRank: .init(rank: rank, alpha: alpha))
        #expect(throws: ModelError.self) { try configuration.validate() }
    }
}
