internal import Artifacts
package import Model
package import Pipeline

/// `reference-logps`: how likely the reference model finds the responses of each pair: DPO's π_ref, computed once by the
/// same code path as the policy's.
package struct ScoreReferenceStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey { case precision, maxTokens = "max_tokens" }

        /// Pairs with a longer prompt and response are left out, and counted; DPO trains on those that have a row.
        package var maxTokens = 2048
        /// The policy's: a reference in another precision is another reference.
        package var precision = Precision.bfloat16

        package init() {}
    }

    package static let kind: StageKind = "reference-logps"
    package static let version = 3
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let rowPort: String? = "pairs"
    package static let inputs = [
        Port("model", schema: CheckpointFile.schema.description),
        Port("pairs", schema: PreferencePair.schema.description, acceptsMany: true),
    ]
    package static let outputs = [Port("reference-logps", schema: ReferenceLogProbabilities.schema.description)]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.maxTokens, in: 2...ParameterLimit.count, "max_tokens")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let pairs = try inputs.rows("pairs", as: PreferencePair.self)
        if pairs.isEmpty {
            context.warn("no pairs to score; the reference log-probabilities are empty")
            return try outputs([], of: pairs.count, context)
        }
        let model = try context.model("model", of: inputs)
        let conversation = try Conversation(model)
        let limit = min(parameters.maxTokens, model.model.configuration.contextLength)
        let fitting = try pairs.map { try EncodedPair($0, conversation) }.filter { $0.length <= limit }
        if fitting.count < pairs.count {
            context.warn("\(pairs.count - fitting.count) of \(pairs.count) pairs are longer than \(limit) tokens")
        }
        let scorer = SequenceScorer(
            model: model.model, precision: parameters.precision,
            pool: WorkerPool(threads: context.execution.threads))
        let rows = try await context.shards(
            "reference-logps", of: ReferenceLogProbabilities.self, items: fitting.count
        ) { range in
            let requests = fitting[range].flatMap { pair in
                [pair.chosen, pair.rejected].map { SequenceScorer.Request(prompt: pair.prompt, completion: $0) }
            }
            let scores = try scorer.score(requests, checkCancellation: context.checkCancellation)
            context.progress(range.upperBound, of: fitting.count, unit: "pairs")
            return fitting[range].enumerated().map { place, pair in
                let (chosen, rejected) = (scores[2 * place], scores[2 * place + 1])
                return ReferenceLogProbabilities(
                    pair: pair.pair.id, precision: parameters.precision, chosen: chosen.logProbability,
                    rejected: rejected.logProbability,
                    chosenTokens: chosen.tokens, rejectedTokens: rejected.tokens)
            }
        }
        return try outputs(rows, of: pairs.count, context)
    }

    private func outputs(
        _ rows: [ReferenceLogProbabilities], of pairs: Int, _ context: StageContext
    ) throws -> StageOutputs {
        StageOutputs(
            ["reference-logps": try context.write(rows, to: "reference-logps")],
            summary: .object([
                "pairs": .count(rows.count),
                "too_long": .count(pairs - rows.count),
                "chosen_tokens": .number(mean(rows.map { Double($0.chosenTokens) })),
                "rejected_tokens": .number(mean(rows.map { Double($0.rejectedTokens) })),
                "chosen_logp_per_token": .number(mean(rows.map { $0.chosen / Double($0.chosenTokens) })),
                "rejected_logp_per_token": .number(mean(rows.map { $0.rejected / Double($0.rejectedTokens) })),
            ]))
    }
}
