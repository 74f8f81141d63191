import CKernels
import Foundation

/// AdamW (Loshchilov and Hutter 2019) over a model's parameters, or over factors in their place, with the gradient's norm clipped first.
///
/// Weights, moments and gradients are single precision. Weight decay is decoupled and falls on matrices only.
final class AdamW {
    struct Coefficients: Sendable, Hashable {
        var beta1: Double
        var beta2: Double
        var epsilon: Double
        var weightDecay: Double
        /// The largest global norm a gradient keeps; nil leaves it as it is.
        var maximumGradientNorm: Double?
    }

    let first: FloatBuffer
    let second: FloatBuffer
    private let coefficients: Coefficients
    private let pool: WorkerPool

    /// Elements summed or updated by one task.
    private static let block = 1 << 16

    init(parameters: Int, coefficients: Coefficients, pool: WorkerPool) {
        self.coefficients = coefficients
        self.pool = pool
        first = FloatBuffer(count: parameters)
        second = FloatBuffer(count: parameters)
    }

    /// √Σ g², in double over fixed blocks.
    func norm(_ gradient: FloatBuffer) -> Double {
        let blocks = (gradient.count + Self.block - 1) / Self.block
        var sums = [Double](repeating: 0, count: blocks)
        sums.withUnsafeMutableBufferPointer { sums in
            // SAFETY: each task writes its own element; `run` returns when all are done.
            nonisolated(unsafe) let sums = sums
            pool.run(blocks) { block in
                let start = block * Self.block
                sums[block] = kernel_sum_of_squares(
                    gradient.pointer + start, min(Self.block, gradient.count - start))
            }
        }
        return sums.reduce(0, +).squareRoot()
    }

    /// A stretch of what is trained, and whether weight decay falls on it.
    struct Part {
        var range: Range<Int>
        var decays: Bool
    }

    /// Applies one update to `parameters`.
    ///
    /// - Parameters:
    ///   - parts: cover what is updated.
    ///   - norm: the gradient's, before clipping.
    ///   - step: counted from 1, for the bias corrections.
    func update(
        _ parameters: FloatBuffer, parts: [Part], gradient: FloatBuffer, norm: Double, rate: Double, step: Int
    ) {
        // The factor is PyTorch's: min(1, limit / (norm + 1e-6)).
        let scale = coefficients.maximumGradientNorm.map { min(1, $0 / (norm + 1e-6)) } ?? 1
        func settings(decays: Bool) -> kernel_adamw_step {
            kernel_adamw_step(
                gradient_scale: Float(scale), first_rate: Float(1 - coefficients.beta1),
                beta2: Float(coefficients.beta2), second_rate: Float(1 - coefficients.beta2),
                decay: Float(decays ? 1 - rate * coefficients.weightDecay : 1),
                step_size: Float(rate / (1 - pow(coefficients.beta1, Double(step)))),
                second_correction: Float((1 - pow(coefficients.beta2, Double(step))).squareRoot()),
                epsilon: Float(coefficients.epsilon))
        }
        let decaying = settings(decays: true), plain = settings(decays: false)
        let tasks = parts.flatMap { part in
            stride(from: part.range.lowerBound, to: part.range.upperBound, by: Self.block).map {
                (start: $0, count: min(Self.block, part.range.upperBound - $0), decays: part.decays)
            }
        }
        pool.run(tasks.count) { index in
            let (start, count, decays) = tasks[index]
            kernel_adamw(
                parameters.pointer + start, first.pointer + start, second.pointer + start,
                gradient.pointer + start, count, decays ? decaying : plain)
        }
    }

    /// Sets every element of `gradient` to zero.
    func clear(_ gradient: FloatBuffer) {
        pool.run((gradient.count + Self.block - 1) / Self.block) { block in
            let start = block * Self.block
            (gradient.pointer + start).update(repeating: 0, count: min(Self.block, gradient.count - start))
        }
    }
}
