import CKernels

/// Low-rank adaptation (LoRA, Hu et al. 2021): how wide the trained factors are, and how much they weigh.
public struct LowRankConfiguration: Codable, Sendable, Hashable {
    /// r: rows of A and columns of B.
    public var rank: Int
    /// α: the product of the factors is scaled by α / r.
    public var alpha: Double

    public init(rank: Int, alpha: Double) {
        self.rank = rank
        self.alpha = alpha
    }

    static let mostRank = 1 << 12
}

/// The factors that are trained in place of a model's weights: W = W₀ + (α / r) · B · A for each matrix of the layers.
///
/// The model holds W, so forward and backward passes are those of any training, and what leaves the trainer is merged.
/// Embedding, output and norms stay as they are. A begins uniform within ± 1 / √inFeatures and B at zero, as in PEFT.
final class LowRankAdapter {
    /// A, then B, matrix after matrix. Rows of A and columns of B are padded with zeros to whole vectors; their gradients
    /// are zero too, so they stay.
    let factors: FloatBuffer
    let factorGradient: FloatBuffer
    /// W₀ of each matrix.
    private let base: FloatBuffer
    private let targets: [Target]
    private let paddedRank: Int
    private let scale: Float
    private let pool: WorkerPool
    /// Aᵀ of one matrix.
    private let turned = GrowingBuffer<Float>()

    private struct Target {
        /// Of W in the model's parameters.
        var offset: Int
        var outFeatures: Int
        var inFeatures: Int
        /// Of A (paddedRank, inFeatures), B (outFeatures, paddedRank) and W₀ in their buffers.
        var a: Int, b: Int, base: Int
    }

    /// Rows or columns of a task.
    private static let block = 64

    init(_ configuration: LowRankConfiguration, of model: LanguageModel, seed: UInt64, pool: WorkerPool) {
        let padded = (configuration.rank + 15) / 16 * 16
        var targets: [Target] = [], place = 0, held = 0
        for tensor in model.layout.tensors where tensor.isMatrix && tensor.name.contains(".layers.") {
            let (rows, columns) = (tensor.shape[0], tensor.shape[1])
            targets.append(
                Target(
                    offset: tensor.offset, outFeatures: rows, inFeatures: columns, a: place,
                    b: place + padded * columns, base: held))
            place += padded * (rows + columns)
            held += tensor.count
        }
        self.targets = targets
        self.pool = pool
        paddedRank = padded
        scale = Float(configuration.alpha / Double(configuration.rank))
        factors = FloatBuffer(count: place)
        factorGradient = FloatBuffer(count: place)
        base = FloatBuffer(count: held)
        for (index, target) in targets.enumerated() {
            (base.pointer + target.base).update(
                from: model.parameters.pointer + target.offset, count: target.outFeatures * target.inFeatures)
            // Apart from the streams of the data order and of dropout, which have the seed itself as their key.
            var generator = Philox(key: ~seed, stream: UInt64(index))
            let bound = 1 / Double(target.inFeatures).squareRoot()
            for element in 0..<(configuration.rank * target.inFeatures) {
                factors.pointer[target.a + element] = Float(bound * (2 * generator.uniform() - 1))
            }
        }
    }

    /// The factors' gradient, in `factorGradient`, from that of the weights: dB = s · dW · Aᵀ and dA = s · Bᵀ · dW.
    func takeGradient(of weights: FloatBuffer) {
        let rank = paddedRank
        for target in targets {
            let N = target.outFeatures, K = target.inFeatures, block = Self.block
            let a = factors.pointer + target.a, b = factors.pointer + target.b
            let gradient = weights.pointer + target.offset, turned = turned.reserve(K * rank)
            kernel_transpose(a, K, turned, rank, rank, K)
            let intoB = factorGradient.pointer + target.b, intoA = factorGradient.pointer + target.a
            let rowTasks = (N + block - 1) / block
            pool.run(rowTasks + (K + block - 1) / block) { task in
                if task < rowTasks {
                    let row = task * block, rows = min(block, N - row)
                    kernel_product(
                        rows, rank, K, gradient + row * K, K, 1, turned, rank, intoB + row * rank, rank, 0)
                } else {
                    let column = (task - rowTasks) * block, columns = min(block, K - column)
                    kernel_product(
                        rank, columns, N, b, 1, rank, gradient + column, K, intoA + column, K, 0)
                }
            }
        }
        for index in 0..<factorGradient.count { factorGradient.pointer[index] *= scale }
    }

    /// Puts W = W₀ + s · B · A into the model.
    func apply(to model: LanguageModel) {
        let rank = paddedRank
        for target in targets {
            let N = target.outFeatures, K = target.inFeatures, block = Self.block
            let a = factors.pointer + target.a, b = factors.pointer + target.b
            let weights = model.parameters.pointer + target.offset, base = base.pointer + target.base
            pool.run((N + block - 1) / block) { task in
                let row = task * block, rows = min(block, N - row)
                (weights + row * K).update(from: base + row * K, count: rows * K)
                withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * rank) { scaled in
                    for index in 0..<(rows * rank) { scaled[index] = scale * b[row * rank + index] }
                    kernel_product(
                        rows, K, rank, scaled.baseAddress!, rank, 1, a, K, weights + row * K, K, 1)
                }
            }
        }
    }
}
