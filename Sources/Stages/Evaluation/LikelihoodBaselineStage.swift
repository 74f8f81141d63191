internal import Artifacts
package import Model
package import Pipeline

/// `likelihood-baseline`: orders ranked responses by how likely a model finds them, without asking it: what a judge must beat
/// to have learned anything. Not in the paper.
///
/// A response's score is the mean log-probability of its tokens after the instruction, in nats, its closing token included.
/// The judgements have one verdict each, without text.
package struct LikelihoodBaselineStage: Stage {
    package struct Parameters: StageParameters {
        /// Bootstrap resamples behind each interval.
        package var resamples = 2000
        /// Of matrix products' factors: see `Precision`.
        package var precision = Precision.bfloat16

        package init() {}
    }

    package static let kind: StageKind = "likelihood-baseline"
    package static let version = 2
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        Port("model", schema: CheckpointFile.schema.description),
        Port("rankings", schema: Ranking.schema.description, acceptsMany: true),
    ]
    package static let outputs = [
        Port("measurements", schema: Measurement.schema.description),
        Port("judgements", schema: Judgement.schema.description),
    ]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.resamples, in: ParameterLimit.resamples, "resamples")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let rankings = try inputs.rows("rankings", as: Ranking.self)
        var judgements: [Judgement] = []
        if rankings.isEmpty {
            context.warn("no rankings; what a judge must beat is not known")
        } else {
            judgements = try await score(rankings, inputs, context)
            context.warnOfPromptsThatDoNotFit(judgements.flatMap(\.verdicts).map(\.finish), unit: "scores")
        }
        // Log-probabilities know no scale.
        let measurements = JudgeQuality(
            RankedItem.items(rankings, judgements), scale: nil,
            estimator: context.estimator(resamples: parameters.resamples)
        ).measurements
        return StageOutputs(
            [
                "measurements": try context.write(measurements, to: "measurements"),
                "judgements": try context.write(judgements, to: "judgements"),
            ],
            summary: .object([
                "judged": .count(judgements.count),
                "unscored": .count(judgements.count { $0.score == nil }),
                "mean_score": .number(mean(judgements.compactMap(\.score))),
                "measurements": .measurements(measurements),
            ]))
    }

    private func score(
        _ rankings: [Ranking], _ inputs: StageInputs, _ context: StageContext
    ) async throws -> [Judgement] {
        let model = try context.model("model", of: inputs)
        let conversation = try Conversation(model)
        let limit = model.model.configuration.contextLength
        let scorer = SequenceScorer(
            model: model.model, precision: parameters.precision,
            pool: WorkerPool(threads: context.execution.threads))
        return try await context.shards("judgements", of: Judgement.self, items: rankings.count) { range in
            // Responses to one instruction stand together: it is computed once.
            let requests = try rankings[range].map { ranking in
                let prompt = try conversation.prompt(ranking.prompt)
                return try ranking.responses.map {
                    SequenceScorer.Request(
                        prompt: prompt, completion: try conversation.reply($0.text, finish: .stop))
                }
            }
            let fitting = requests.flatMap(\.self).filter { $0.length <= limit }
            var scores = try scorer.score(fitting, checkCancellation: context.checkCancellation)[...]
            context.progress(range.upperBound, of: rankings.count, unit: "rankings")
            return zip(rankings[range], requests).flatMap { ranking, requests in
                zip(ranking.responses, requests).map { response, request in
                    Judgement(
                        candidateID: response.id, promptID: ranking.id,
                        verdicts: [Self.verdict(request.length <= limit ? scores.popFirst() : nil)])
                }
            }
        }
    }

    private static func verdict(_ score: SequenceScorer.Score?) -> Judgement.Reply {
        guard let score else {
            return .init(raw: "", finish: .doesNotFit, verdict: .unparsable(.doesNotFit))
        }
        return .init(raw: "", finish: .stop, verdict: .scored(score.meanLogProbability))
    }
}

extension SequenceScorer.Request {
    fileprivate var length: Int { prompt.count + completion.count }
}
