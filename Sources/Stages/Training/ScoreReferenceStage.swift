internal import Artifacts
package import Model
package import Pipeline

/// `reference-logps`: how likely the reference model finds the responses of each pair: DPO's π_ref, computed once by the
/// same code path as the policy's.
package struct ScoreReferenceStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey { case precision, mismatched, maxTokens = "max_tokens" }

        /// Pairs with a longer prompt and response are left out, and counted; DPO trains on those that have a row.
        package var maxTokens = 2048
        /// The policy's: a reference in another precision is another reference.
        package var precision = Precision.bfloat16
        /// Whether each prompt is scored with another pair's responses too, which `dpo` needs for `loss: kto` alone.
        package var mismatched = false

        package init() {}
    }

    package static let kind: StageKind = "reference-logps"
    package static let version = 3
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
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

    /// A mismatched response is another row's.
    package var rowPort: String? { parameters.mismatched ? nil : "pairs" }

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
        let partners = try parameters.mismatched ? partners(of: fitting) : nil
        let scorer = SequenceScorer(
            model: model.model, precision: parameters.precision,
            pool: WorkerPool(threads: context.execution.threads))
        let rows = try await context.shards(
            "reference-logps", of: ReferenceLogProbabilities.self, items: fitting.count
        ) { range in
            // Responses to one prompt stand together: it is computed once.
            let requests = range.flatMap { index in
                let pair = fitting[index], room = limit - pair.prompt.count
                var responses = [pair.chosen, pair.rejected]
                if let other = partners.map({ fitting[$0[index]] }) {
                    responses += [other.chosen, other.rejected].map { Array($0.prefix(room)) }
                }
                return responses.map { SequenceScorer.Request(prompt: pair.prompt, completion: $0) }
            }
            let scores = try scorer.score(requests, checkCancellation: context.checkCancellation)
            context.progress(range.upperBound, of: fitting.count, unit: "pairs")
            let perPair = partners == nil ? 2 : 4
            return range.enumerated().map { place, index in
                row(
                    fitting[index], Array(scores[(place * perPair)..<((place + 1) * perPair)]),
                    mismatched: partners.map { fitting[$0[index]].pair.id })
            }
        }
        return try outputs(rows, of: pairs.count, context)
    }

    /// For each pair the one whose responses are put behind its prompt.
    private func partners(of pairs: [EncodedPair]) throws -> [Int]? {
        if pairs.isEmpty { return nil }
        guard let partners = MismatchedPairs.partners(ofPrompts: pairs.map(\.pair.prompt)) else {
            throw StageError.noOtherPrompt(pairs: pairs.count)
        }
        return partners
    }

    /// - Parameters:
    ///   - scores: of the chosen and the rejected response, and perhaps of those of another pair.
    ///   - mismatched: the id of that pair.
    private func row(
        _ pair: EncodedPair, _ scores: [SequenceScorer.Score], mismatched: String?
    ) -> ReferenceLogProbabilities {
        ReferenceLogProbabilities(
            pair: pair.pair.id, precision: parameters.precision, chosen: scores[0].logProbability,
            rejected: scores[1].logProbability, chosenTokens: scores[0].tokens, rejectedTokens: scores[1].tokens,
            mismatched: mismatched.map {
                .init(
                    pair: $0, chosen: scores[2].logProbability, rejected: scores[3].logProbability,
                    chosenTokens: scores[2].tokens, rejectedTokens: scores[3].tokens)
            })
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
