internal import Artifacts
package import Model
package import Pipeline

/// `evaluate-judge`: compares a model's scores with held-out human rankings (paper Table 4), and asks what swayed them.
package struct EvaluateJudgeStage: Stage {
    package struct Parameters: JudgingParameters {
        enum CodingKeys: String, CodingKey {
            case samples, temperature, scoring, resamples, precision, weights
            case topP = "top_p", maxTokens = "max_tokens", workedExamples = "worked_examples"
        }

        /// As for the judge whose quality is measured: paper §3.1.3.
        package var samples = 3
        package var temperature = 0.7
        package var topP = 0.9
        package var maxTokens = 256
        package var scoring = JudgeScoring.sampled
        package var workedExamples = 0
        /// Bootstrap resamples behind each interval. The paper gives no intervals.
        package var resamples = 2000
        /// Of matrix products' factors: see `Precision`. The paper does not say.
        package var precision = Precision.bfloat16
        /// Of the model that writes: see `WeightFormat`. The paper does not say.
        package var weights = WeightFormat.full

        package init() {}
    }

    package static let kind: StageKind = "evaluate-judge"
    package static let version = 6
    package static let usesSeed = true
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        ServedModel.judgePort("model"),
        Port("rankings", schema: Ranking.schema.description, acceptsMany: true),
        Port("rubric", schema: ArtifactReference.blobSchema),
        Port("judge-examples", schema: JudgeExample.schema.description, isOptional: true, acceptsMany: true),
    ]
    package static let outputs = [
        Port("measurements", schema: Measurement.schema.description),
        Port("judgements", schema: Judgement.schema.description),
    ]

    private let parameters: Parameters
    private let settings: JudgeSettings

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        settings = parameters.judge
        try settings.validate(for: Self.self)
        try Self.require(parameters.resamples, in: ParameterLimit.resamples, "resamples")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let rankings = try inputs.rows("rankings", as: Ranking.self)
        var judgements: [Judgement] = []
        if rankings.isEmpty {
            context.warn("no held-out rankings; the judge's quality is not known")
        } else {
            let judge = try context.judge(
                inputs, settings: settings, items: rankings.responseCount, stage: Self.kind)
            judgements = try await judge.judgements(of: rankings, list: "judgements", context)
            context.warnOfPromptsThatDoNotFit(judgements.flatMap(\.verdicts).map(\.finish), unit: "verdicts")
            warnOfMissingNumbers(rankings, judgements, context)
        }
        let scale = try JudgeTemplate(blob: "rubric", of: inputs).form.scale
        let measurements = JudgeQuality(
            RankedItem.items(rankings, judgements), scale: scale,
            estimator: context.estimator(resamples: parameters.resamples)
        ).measurements
        return StageOutputs(
            [
                "measurements": try context.write(measurements, to: "measurements"),
                "judgements": try context.write(judgements, to: "judgements"),
            ],
            summary: try summary(measurements, judgements).reproducible(asFrom: "model", of: inputs))
    }

    private func warnOfMissingNumbers(
        _ rankings: [Ranking], _ judgements: [Judgement], _ context: StageContext
    ) {
        if parameters.scoring == .sampled, judgements.allSatisfy({ $0.score == nil }) {
            context.warn(
                "none of \(judgements.flatMap(\.verdicts).count) verdicts gives a score: how well the judge orders "
                    + "responses is not known; a model of the store can be asked with 'scoring: expected'")
        }
        if rankings.count == 1 {
            context.warn("there is one ranking only: no number has an interval")
        }
    }

    private func summary(_ measurements: [Measurement], _ judgements: [Judgement]) -> JSONValue {
        var members = JudgeSummary.members(judgements)
        members["measurements"] = .measurements(measurements)
        return .object(members)
    }
}

extension Judge {
    /// A judgement of each response of each ranking, in order, shard by shard.
    /// - Parameter list: names the shards; another one for each attempt at the same responses.
    func judgements(of rankings: [Ranking], list: String, _ context: StageContext) async throws -> [Judgement] {
        let total = rankings.responseCount
        return try await context.shards(list, of: Judgement.self, items: rankings.count) { range in
            let responses = rankings[range].flatMap { ranking in ranking.responses.map { (ranking, $0) } }
            let items = responses.map { ranking, response in
                Judge.Item(id: "\(list)/\(response.id)", instruction: ranking.prompt, response: response.text)
            }
            let replies = try await replies(to: items, of: total * settings.samples)
            return zip(responses, replies).map { response, replies in
                Judgement(candidateID: response.1.id, promptID: response.0.id, verdicts: replies)
            }
        }
    }
}
