internal import Artifacts
package import Model
package import Pipeline

/// `head-to-head`: lets a judge compare two models' responses to the same prompts (paper §3.1.2): both orders, and a
/// verdict that changes with the order is a tie.
package struct HeadToHeadStage: Stage {
    package struct Parameters: JudgingParameters {
        enum CodingKeys: String, CodingKey {
            case samples, temperature, scoring, resamples, precision, weights
            case topP = "top_p", maxTokens = "max_tokens", workedExamples = "worked_examples"
        }

        /// Verdicts in each order, or of each response where the rubric scores one; averaged.
        package var samples = 1
        /// The paper's judge is GPT-4; 0 is what AlpacaEval and MT-Bench ask theirs with.
        package var temperature = 0.0
        package var topP = 0.9
        package var maxTokens = 256
        package var scoring = JudgeScoring.sampled
        /// For a rubric that scores one response.
        package var workedExamples = 0
        /// Bootstrap resamples behind the interval. The paper gives none.
        package var resamples = 2000
        /// Of matrix products' factors: see `Precision`. The paper does not say.
        package var precision = Precision.bfloat16
        /// Of the judge: see `WeightFormat`. The paper does not say.
        package var weights = WeightFormat.full

        package init() {}
    }

    package static let kind: StageKind = "head-to-head"
    package static let version = 4
    package static let usesSeed = true
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        // The judge.
        ServedModel.judgePort("model"),
        Port("candidates", schema: Candidate.schema.description, acceptsMany: true),
        Port("baseline", schema: Candidate.schema.description, acceptsMany: true),
        Port("rubric", schema: ArtifactReference.blobSchema),
        Port("judge-examples", schema: JudgeExample.schema.description, isOptional: true, acceptsMany: true),
    ]
    package static let outputs = [
        Port("measurements", schema: Measurement.schema.description),
        Port("judgements", schema: PairwiseJudgement.schema.description),
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
        _ = try ComparisonRubric(blob: "rubric", of: inputs)  // Also where no match needs it.
        let matches = try inputs.responseMatches(context)
        let judgements =
            matches.contains(where: \.needsJudge)
            ? try await judge(matches, inputs, context) : matches.map { PairwiseJudgement($0, replies: []) }
        if !matches.isEmpty, !matches.contains(where: \.needsJudge) {
            context.warn("no match has two different responses; the judge was not asked")
        }
        context.warnOfPromptsThatDoNotFit(judgements.flatMap(\.replies).map(\.finish), unit: "verdicts")
        let winRate = WinRate(matches, judgements)
        if winRate.isSilent {
            let canBeExpected = try parameters.scoring == .sampled && inputs.servedModel("model") == nil
            let remedy =
                canBeExpected
                ? "set 'scoring: expected', or give another judge" : "give another judge, or another rubric"
            context.warn("no match has an outcome: the judge's replies name no winner; \(remedy)")
        }
        let bootstrap = Bootstrap(resamples: parameters.resamples)
        let measurements = winRate.measurements(
            bootstrap: bootstrap, generator: Philox(key: context.seed.child("bootstrap").key))
        return StageOutputs(
            [
                "measurements": try context.write(measurements, to: "measurements"),
                "judgements": try context.write(judgements, to: "judgements"),
            ],
            summary: try JSONValue.object([
                "matches": .count(matches.count),
                "wins": .count(winRate.wins), "ties": .count(winRate.ties), "losses": .count(winRate.losses),
                "no_verdict": .count(winRate.noVerdict),
                "unparsable": .counts(
                    judgements.flatMap(\.replies).compactMap { $0.reason?.rawValue }
                        .reduce(into: [:]) { $0[$1, default: 0] += 1 }),
                "measurements": .measurements(measurements),
            ]).reproducible(asFrom: "model", of: inputs))
    }

    private func judge(
        _ matches: [ResponseMatch], _ inputs: StageInputs, _ context: StageContext
    ) async throws -> [PairwiseJudgement] {
        let comparer = try context.comparer(
            inputs, settings: settings, replies: ResponseComparer.replies(to: matches, settings), stage: Self.kind)
        return try await comparer.judgements(of: matches, list: "judgements", context)
    }
}
