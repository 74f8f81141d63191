import CKernels
import Foundation

/// Draws tokens from rows of logits. One sampler serves one thread; it owns scratch for a vocabulary.
///
/// A draw is a pure function of the logits, the parameters and one uniform number, so it does not depend on what else
/// is sampled, where, or when.
package final class TokenSampler {
    package struct Choice: Equatable, Sendable {
        package var token: Int32
        /// Log-probability of the token at temperature 1, before top-p.
        package var logProbability: Double
    }

    /// A token that may be drawn, with its weight e^((logit − largest) / temperature).
    package struct Candidate: Equatable, Sendable {
        package var token: Int32
        package var weight: Float
    }

    private let vocabularySize: Int
    private let weights: FloatBuffer
    private var indices: [Int32]

    package init(vocabularySize: Int) {
        self.vocabularySize = vocabularySize
        weights = FloatBuffer(count: vocabularySize)
        indices = [Int32](repeating: 0, count: vocabularySize)
    }

    /// The uniform number in [0, 1) for token `index` of the request with `key`.
    package static func uniform(key: UInt64, index: Int) -> Double {
        let words = Philox.words(key: key, stream: 0, counter: UInt64(index))
        return Double((UInt64(words[0]) | UInt64(words[1]) << 32) >> 11) * 0x1p-53
    }

    /// A token for `logits` (vocabularySize).
    ///
    /// - Throws: `ModelError.notFinite` when the logits hold no probability distribution.
    package func choose(
        _ logits: UnsafePointer<Float>, _ parameters: SamplingParameters, uniform: Double
    ) throws(ModelError) -> Choice {
        var place = 0
        let largest = kernel_largest(logits, vocabularySize, &place)
        let token: Int32
        if parameters.temperature == 0 {
            token = Int32(place)
        } else if parameters.topP >= 1 {
            token = Self.draw(everyToken(logits, parameters, largest: largest), uniform)
        } else {
            token = Self.draw(nucleus(logits, parameters, largest: largest), uniform)
        }
        let sum = kernel_token_weights(logits, nil, vocabularySize, largest, 1)
        guard sum.isFinite else { throw .notFinite(place: "logits of the next token") }
        return Choice(token: token, logProbability: Double(logits[Int(token)]) - Double(largest) - log(sum))
    }

    /// Log-probabilities at temperature 1 of `candidates` after `logits` (vocabularySize).
    package func logProbabilities(
        _ logits: UnsafePointer<Float>, of candidates: [Int32]
    ) throws(ModelError) -> [Float] {
        var place = 0
        let largest = kernel_largest(logits, vocabularySize, &place)
        let sum = kernel_token_weights(logits, nil, vocabularySize, largest, 1)
        guard sum.isFinite else { throw .notFinite(place: "logits of the next token") }
        let shift = Double(largest) + log(sum)
        return candidates.map { Float(Double(logits[Int($0)]) - shift) }
    }

    /// The tokens that temperature and top-p leave, in the order in which `choose` walks them.
    package func candidates(_ logits: UnsafePointer<Float>, _ parameters: SamplingParameters) -> [Candidate] {
        var place = 0
        let largest = kernel_largest(logits, vocabularySize, &place)
        if parameters.temperature == 0 { return [Candidate(token: Int32(place), weight: 1)] }
        return parameters.topP >= 1
            ? everyToken(logits, parameters, largest: largest) : nucleus(logits, parameters, largest: largest)
    }

    /// Tokens of positive weight, by id.
    private func everyToken(
        _ logits: UnsafePointer<Float>, _ parameters: SamplingParameters, largest: Float
    ) -> [Candidate] {
        _ = kernel_token_weights(logits, weights.pointer, vocabularySize, largest, Float(parameters.temperature))
        return collect(atLeast: .leastNonzeroMagnitude)
    }

    /// The most likely tokens, most likely first, as transformers keeps them: tokens in ascending order are removed
    /// while their cumulative probability is at most 1 − p, never the last one. In other words a token stays while
    /// those before it, in descending order, hold less than p. Of equal logits the higher id comes first.
    private func nucleus(
        _ logits: UnsafePointer<Float>, _ parameters: SamplingParameters, largest: Float
    ) -> [Candidate] {
        let sum = kernel_token_weights(
            logits, weights.pointer, vocabularySize, largest, Float(parameters.temperature))
        let wanted = parameters.topP * sum
        // Tokens below this, all together, hold less than 1 − p: none of them can stay.
        let surelyEnough = Float((1 - parameters.topP) * sum / Double(vocabularySize))
        var threshold: Float = 1.0 / 16
        var candidates = collect(atLeast: max(threshold, surelyEnough))
        while threshold > surelyEnough, threshold > 0,
            candidates.reduce(0.0, { $0 + Double($1.weight) }) < wanted
        {
            threshold /= 16
            candidates = collect(atLeast: max(threshold, surelyEnough))
        }
        candidates.sort { first, second in
            let a = logits[Int(first.token)], b = logits[Int(second.token)]
            return a != b ? a > b : first.token > second.token
        }
        var held = 0.0, kept = 0
        while kept < candidates.count, kept == 0 || held < wanted {
            held += Double(candidates[kept].weight)
            kept += 1
        }
        candidates.removeSubrange(kept...)
        return candidates
    }

    private func collect(atLeast threshold: Float) -> [Candidate] {
        let count = indices.withUnsafeMutableBufferPointer {
            kernel_at_least(weights.pointer, vocabularySize, threshold, $0.baseAddress)
        }
        return indices[..<count].map { Candidate(token: $0, weight: weights.pointer[Int($0)]) }
    }

    /// Inverse of the cumulative distribution over `candidates` in their order.
    private static func draw(_ candidates: [Candidate], _ uniform: Double) -> Int32 {
        let target = uniform * candidates.reduce(0.0) { $0 + Double($1.weight) }
        var held = 0.0
        for candidate in candidates {
            held += Double(candidate.weight)
            if held > target { return candidate.token }
        }
        // No candidates means logits that are not finite, which `choose` reports.
        return candidates.last?.token ?? 0
    }
}
