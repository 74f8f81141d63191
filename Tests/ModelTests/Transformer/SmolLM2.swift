import Foundation
import Model
import TestSupport

/// The demo model in float32, and its golden numbers.
enum SmolLM2 {
    static let isPresent = SharedData.isPresent && SharedData.hasSmolLM2
    static let absence = "needs ../shared/data and the demo model"
    static let isNightly = ProcessInfo.processInfo.environment["NIGHTLY"] != nil

    static func load() throws -> LanguageModel {
        guard let file = SharedData.smolLM2 else { throw GoldenModel.Problem(text: absence) }
        return try PretrainedModel(gguf: file).model
    }

    struct Gradient: Decodable {
        var name: String
        var norm_float64: Double
        var index: [Int]
        var value_float64: [Double]
    }

    struct Supervised: Decodable {
        struct Example: Decodable { var ids: [Int32]; var target_mask: [Int] }
        struct Steps: Decodable {
            var lr: Double
            var loss_before_step: [Double]
            var gradient_norm_before_step: [Double]
            var loss_after_last_step: Double
            var weight_change_norm_after_step: [Double]
            var weight_change_norm_by_tensor: [String: Double]
        }
        var examples: [Example]
        var loss_per_example: [Double]
        var loss: Double
        var gradient_norm: Double
        var gradients: [Gradient]
        var adamw: Steps

        var sequences: [TargetedSequence] {
            examples.map { TargetedSequence(tokens: $0.ids, targetMask: GoldenModel.mask($0.target_mask)) }
        }
    }

    struct Forward: Decodable {
        struct Prompt: Decodable {
            var ids: [Int32]
            var next_logps: [Double]
            var last_logsumexp: Double
            var last_top20_ids: [Int32]
            var last_top20_logits: [Double]
        }
        var prompts: [Prompt]
    }
}
