internal import Artifacts
internal import Foundation
internal import Model
package import Pipeline

/// `import-model`: takes a pretrained model in as M0 (paper §3.1).
package struct ImportModelStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey { case chatTemplate = "chat_template" }

        /// The name of the chat template to use instead of the model's own, for models that bring none or one unknown.
        package var chatTemplate: String?

        package init() {}
    }

    package static let kind: StageKind = "import-model"
    package static let version = 1
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        Port("source", schema: ArtifactReference.blobSchema, alternatives: [FolderEntry.schema.description])
    ]
    package static let outputs = [Port("model", schema: CheckpointFile.schema.description)]

    private let template: ChatTemplate?

    package init(parameters: Parameters) throws {
        template = try parameters.chatTemplate.map { name throws(ModelError) in try ChatTemplate.named(name) }
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let model = try read(inputs, context)
        if model.chatTemplate == nil {
            context.warn("the model has no chat template known here; set 'chat_template' before training it to chat")
        }
        let checkpoint = try context.writeCheckpoint(model, to: "model")
        return StageOutputs(
            ["model": checkpoint.reference],
            summary: .object([
                "parameters": .count(model.model.layout.count),
                "vocabulary": .count(model.tokenizer.count),
                "chat_template": (model.chatTemplate?.name).map(JSONValue.string) ?? .null,
            ]),
            blobs: checkpoint.blobs)
    }

    private func read(_ inputs: StageInputs, _ context: StageContext) throws -> PretrainedModel {
        guard inputs.references("source").first?.schema == FolderEntry.schema.description else {
            return try PretrainedModel(gguf: try inputs.blob("source"), chatTemplate: template)
        }
        let entries = try inputs.rows("source", as: FolderEntry.self)
        func url(_ name: String) throws -> URL? {
            try entries.first { $0.path == name }.map { try context.blobURL($0.digest) }
        }
        guard let configuration = try url("config.json") else {
            throw StageError.incompleteCheckpoint(name: "source", missing: "config.json")
        }
        let whole = try url("model.safetensors").map { [$0] }
        let shards = try entries.filter { $0.path.hasPrefix("model-") && $0.path.hasSuffix(".safetensors") }
            .sorted { $0.path < $1.path }.map { try context.blobURL($0.digest) }
        let weights = whole ?? shards
        guard !weights.isEmpty else {
            throw StageError.incompleteCheckpoint(name: "source", missing: "model.safetensors")
        }
        return try PretrainedModel(
            huggingFace: HuggingFaceFiles(
                configuration: configuration, weights: weights, tokenizer: try url("tokenizer.json"),
                tokenizerConfiguration: try url("tokenizer_config.json"),
                chatTemplate: try url("chat_template.jinja")),
            chatTemplate: template)
    }
}
