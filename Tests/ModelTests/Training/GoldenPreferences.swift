import Foundation
import Model
import Testing

/// Preference training as TRL did it: the pairs, and what it reported of each step at several settings.
struct GoldenPreferences: Decodable {
    struct Pair: Decodable {
        var chosen_ids: [Int32]
        var chosen_mask: [Int]
        var rejected_ids: [Int32]
        var reference_chosen_logp: Double
        var reference_rejected_logp: Double

        var example: PreferenceExample {
            let prompt = chosen_mask.prefix { $0 == 0 }.count
            return PreferenceExample(
                prompt: Array(chosen_ids[..<prompt]), chosen: Array(chosen_ids[prompt...]),
                rejected: Array(rejected_ids[prompt...]), referenceChosen: reference_chosen_logp,
                referenceRejected: reference_rejected_logp)
        }
    }

    struct Run: Decodable {
        var lr: Double
        var beta: Double
        var steps: [[String: Value]]
    }

    /// A number, or a list that these tests do not read.
    enum Value: Decodable {
        case number(Double), other
        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            self = (try? value.decode(Double.self)).map { .number($0) } ?? .other
        }
    }

    var pairs: [Pair]
    var runs: [Run]

    /// The pairs with `model`'s own log-probabilities as the reference, each within `tolerance` of the golden one.
    func examples(scoredBy model: LanguageModel, pool: WorkerPool, tolerance: Double) throws -> [PreferenceExample] {
        let examples = pairs.map(\.example)
        let scores = try SequenceScorer(model: model, pool: pool).score(
            examples.flatMap {
                [.init(prompt: $0.prompt, completion: $0.chosen), .init(prompt: $0.prompt, completion: $0.rejected)]
            })
        return examples.enumerated().map { index, golden in
            var example = golden
            example.referenceChosen = scores[2 * index].logProbability
            example.referenceRejected = scores[2 * index + 1].logProbability
            #expect(abs(example.referenceChosen - golden.referenceChosen) < tolerance)
            #expect(abs(example.referenceRejected - golden.referenceRejected) < tolerance)
            return example
        }
    }
}

/// The Euclidean distance between two models' parameters.
func distance(_ first: FloatBuffer, _ second: FloatBuffer) -> Double {
    (0..<first.count).reduce(0.0) { $0 + pow(Double(first[$1]) - Double(second[$1]), 2) }.squareRoot()
}
