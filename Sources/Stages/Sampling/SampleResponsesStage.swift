internal import Artifacts
package import Model
package import Pipeline

/// `sample`: lets the model answer each prompt several times (paper §2.2).
package struct SampleResponsesStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey {
            case samples, temperature, precision, weights
            case topP = "top_p", maxTokens = "max_tokens"
        }

        /// N: paper §3.1.3.
        package var samples = 4
        /// Paper §3.1.3.
        package var temperature = 0.7
        /// Paper §3.1.3.
        package var topP = 0.9
        /// The longest response, in tokens. The paper does not say.
        package var maxTokens = 512
        /// Of matrix products' factors: see `Precision`. The paper does not say.
        package var precision = Precision.bfloat16
        /// Of the model that writes: see `WeightFormat`. The paper does not say.
        package var weights = WeightFormat.full

        package init() {}
    }

    package static let kind: StageKind = "sample"
    package static let version = 2
    package static let usesSeed = true
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        Port("model", schema: CheckpointFile.schema.description),
        SampledPrompt.port("prompts"),
    ]
    package static let outputs = [Port("candidates", schema: Candidate.schema.description)]

    private let parameters: Parameters
    private let sampling: SamplingParameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        sampling = SamplingParameters(temperature: parameters.temperature, topP: parameters.topP)
        try sampling.validate()
        try parameters.weights.validate(parameters.precision)
        try Self.require(parameters.samples, in: 1...ParameterLimit.count, "samples")
        try Self.require(parameters.maxTokens, in: 1...ParameterLimit.count, "max_tokens")
    }

    package var rowPort: String? { "prompts" }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let prompts = try SampledPrompt.read("prompts", of: inputs)
        if prompts.isEmpty {
            context.warn("no prompts to answer; the candidates are empty")
            return StageOutputs(
                ["candidates": try context.write([Candidate](), to: "candidates")], summary: summary([]))
        }
        let model = try context.model("model", of: inputs)
        let conversation = try Conversation(model)
        let writer = try Writer(
            model, precision: parameters.precision, weights: parameters.weights,
            requests: prompts.count * parameters.samples, context: context)
        let candidates = try await context.shards("candidates", of: Candidate.self, items: prompts.count) { range in
            let requests = try prompts[range].flatMap { try self.requests($0, conversation, context.seed) }
            let results = try writer.write(
                requests, of: prompts.count * parameters.samples, unit: "responses")
            return prompts[range].enumerated().flatMap { place, prompt in
                (0..<parameters.samples).map { index in
                    let result = results[place * parameters.samples + index]
                    return Candidate(
                        promptID: prompt.id, prompt: prompt.text, index: index, text: result.text,
                        tokens: result.tokens.count, finish: Finish(result.finish))
                }
            }
        }
        context.warnOfPromptsThatDoNotFit(candidates.map(\.finish), unit: "responses")
        return StageOutputs(
            ["candidates": try context.write(candidates, to: "candidates")], summary: summary(candidates))
    }

    private func requests(
        _ prompt: SampledPrompt, _ conversation: Conversation, _ seed: SeedPath
    ) throws -> [GenerationRequest] {
        let tokens = try conversation.prompt(prompt.text)
        return (0..<parameters.samples).map { index in
            GenerationRequest(
                prompt: tokens, maximumNewTokens: parameters.maxTokens, stopTokens: conversation.stopTokens,
                sampling: sampling, randomKey: seed.child(prompt.id, String(index), "response").key)
        }
    }

    private func summary(_ candidates: [Candidate]) -> JSONValue {
        let present = candidates.filter { !$0.isMissing }
        return .object([
            "prompts": .count(Set(candidates.map(\.promptID)).count),
            "candidates": .count(candidates.count),
            "cut_off": .count(candidates.count { $0.finish == .length }),
            "does_not_fit": .count(candidates.count { $0.finish == .doesNotFit }),
            "mean_tokens": .number(mean(present.map { Double($0.tokens) })),
            "mean_characters": .number(mean(present.map { Double($0.text.count) })),
        ])
    }
}
