internal import Artifacts
internal import Foundation
internal import Model
package import Pipeline

/// `make-model`: a small model with random weights and a tokenizer learned from the seed text, to walk through the whole
/// loop with. It is no part of the paper and knows nothing.
package struct MakeModelStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey {
            case merges, layers, heads
            case hiddenSize = "hidden_size", intermediateSize = "intermediate_size"
            case keyValueHeads = "key_value_heads", contextLength = "context_length"
            case chatTemplate = "chat_template"
        }

        /// Pairs that the tokenizer learns to join, besides the 256 bytes.
        package var merges = 256
        package var hiddenSize = 64
        package var intermediateSize = 160
        package var layers = 2
        package var heads = 4
        package var keyValueHeads = 2
        package var contextLength = 1024
        package var chatTemplate = "chatml"

        package init() {}
    }

    package static let kind: StageKind = "make-model"
    package static let version = 1
    package static let usesSeed = true
    package static let numerics = ModelNumerics.current
    package static let inputs = [Port("text", schema: ArtifactReference.blobSchema, acceptsMany: true)]
    package static let outputs = [Port("model", schema: CheckpointFile.schema.description)]

    private let parameters: Parameters
    private let template: ChatTemplate

    package init(parameters: Parameters) throws {
        for (name, value) in [("merges", parameters.merges), ("heads", parameters.heads)] {
            try Self.require(value, in: 1...ParameterLimit.count, name)
        }
        self.parameters = parameters
        template = try ChatTemplate.named(parameters.chatTemplate)
        try Self.configuration(parameters, vocabularySize: 1).validate()
    }

    private static func configuration(_ parameters: Parameters, vocabularySize: Int) -> ModelConfiguration {
        ModelConfiguration(
            vocabularySize: vocabularySize, hiddenSize: parameters.hiddenSize,
            intermediateSize: parameters.intermediateSize, layerCount: parameters.layers,
            headCount: parameters.heads, keyValueHeadCount: parameters.keyValueHeads,
            headSize: parameters.hiddenSize / parameters.heads, ropeTheta: 10_000, normEpsilon: 1e-5,
            contextLength: parameters.contextLength, tiesEmbeddings: true)
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let text = try inputs.namedBlobs("text").map {
            String(decoding: try CompressedText.read($0.url, name: $0.name), as: UTF8.self)
        }.joined(separator: "\n")
        let tokenizer = try Tokenizer(.trained(on: text, merges: parameters.merges))
        let model = PretrainedModel(
            model: try .random(
                configuration: Self.configuration(parameters, vocabularySize: tokenizer.count),
                seed: context.seed.child("weights").key),
            tokenizer: tokenizer, chatTemplate: template)
        let checkpoint = try context.writeCheckpoint(model, to: "model")
        return StageOutputs(
            ["model": checkpoint.reference],
            summary: .object([
                "parameters": .count(model.model.layout.count), "vocabulary": .count(tokenizer.count),
                "chat_template": .string(template.name),
            ]),
            blobs: checkpoint.blobs)
    }
}
