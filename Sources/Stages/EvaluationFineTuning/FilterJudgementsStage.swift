internal import Artifacts
package import Model
package import Pipeline

/// `eft-filter`: lets the SFT baseline judge ranked responses and keeps what agrees with people, as evaluation fine-tuning
/// data (paper §3.1.1).
package struct FilterJudgementsStage: Stage {
    package struct Parameters: JudgingParameters {
        enum CodingKeys: String, CodingKey {
            case attempts, temperature, scoring, agreement, precision, weights
            case topP = "top_p", maxTokens = "max_tokens", workedExamples = "worked_examples"
            case maxScoreShare = "max_score_share"
        }

        /// How often a prompt's responses are judged until the scores agree. The paper does not say.
        package var attempts = 3
        /// Paper §3.1.3: as for judging.
        package var temperature = 0.7
        package var topP = 0.9
        package var maxTokens = 256
        package var scoring = JudgeScoring.sampled
        package var workedExamples = 0
        /// What it means to agree with the ranking. The paper only says that it does (§3.1.1).
        package var agreement = RankAgreement.strict
        /// The share that the commonest score may have. The paper discards some of it, and does not say how much.
        package var maxScoreShare = 0.4
        /// Of matrix products' factors: see `Precision`. The paper does not say.
        package var precision = Precision.bfloat16
        /// Of the model that writes: see `WeightFormat`. The paper does not say.
        package var weights = WeightFormat.full

        package init() {}
    }

    package static let kind: StageKind = "eft-filter"
    package static let version = 2
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
        Port("judge-examples", schema: JudgeExample.schema.description),
        Port("judgements", schema: Judgement.schema.description),
        Port("ledger", schema: LedgerEntry.schema.description),
    ]

    private let parameters: Parameters
    private let settings: JudgeSettings

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        settings = parameters.judge
        try settings.validate(for: Self.self)
        try Self.require(parameters.attempts, in: 1...ParameterLimit.count, "attempts")
        try Self.require(
            parameters.maxScoreShare > 0 && parameters.maxScoreShare <= 1, "max_score_share",
            "is \(parameters.maxScoreShare); it must be above 0 and at most 1")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let rankings = try inputs.rows("rankings", as: Ranking.self)
        let filter = SelfJudgedRankingFilter(
            agreement: parameters.agreement, template: try JudgeTemplate(blob: "rubric", of: inputs))
        let judged = rankings.isEmpty ? Judged() : try await judge(rankings, by: filter, inputs, context)
        context.warnOfPromptsThatDoNotFit(
            judged.judgements.flatMap(\.verdicts).map(\.finish), unit: "verdicts")
        let settled = rankings.map { filter.settle($0, attempts: judged.attempts[$0.id] ?? []) }
        var generator = Philox(key: context.seed.child("thinning").key)
        let thinned = ScoreThinning(maximumShare: parameters.maxScoreShare)
            .thin(settled.flatMap(\.examples), generator: &generator)
        if thinned.kept.isEmpty {
            context.warn("no judgement of \(rankings.count) rankings was accepted; the ledger says why")
        }
        let rankingLedger = settled.map(\.entry)
        return StageOutputs(
            [
                "judge-examples": try context.write(thinned.kept, to: "judge-examples"),
                "judgements": try context.write(judged.judgements, to: "judgements"),
                "ledger": try context.write(
                    rankingLedger + settled.flatMap(\.leftOut) + thinned.ledger, to: "ledger"),
            ],
            summary: try summary(judged.judgements, rankings: rankingLedger, thinned).reproducible(
                asFrom: "model", of: inputs))
    }

    /// What came of all attempts.
    private struct Judged {
        var judgements: [Judgement] = []
        /// By the id of the ranking.
        var attempts: [String: [SelfJudgedRankingFilter.Attempt]] = [:]
    }

    /// Judges every ranking, and those not accepted again, until the attempts are used up.
    private func judge(
        _ rankings: [Ranking], by filter: SelfJudgedRankingFilter, _ inputs: StageInputs, _ context: StageContext
    ) async throws -> Judged {
        let judge = try context.judge(
            inputs, settings: settings, items: rankings.reduce(0) { $0 + $1.responses.count }, stage: Self.kind)
        var judged = Judged()
        var pending = rankings
        for attempt in 1...parameters.attempts where !pending.isEmpty {
            let judgements = try await judge.judgements(of: pending, list: "attempt-\(attempt)", context)
            judged.judgements += judgements
            var rest = judgements[...]
            pending = pending.filter { ranking in
                let replies = ranking.responses.compactMap { _ in rest.popFirst()?.verdicts.first }
                let outcome = filter.attempt(ranking, replies: replies)
                judged.attempts[ranking.id, default: []].append(outcome)
                if case .accepted = outcome { return false }
                return true
            }
        }
        return judged
    }

    private func summary(
        _ judgements: [Judgement], rankings: [LedgerEntry], _ thinned: (kept: [JudgeExample], ledger: [LedgerEntry])
    ) -> JSONValue {
        var members = JudgeSummary.members(judgements)
        members["rankings"] = .report(rankings)
        members["examples"] = .report(thinned.ledger)
        members["kept_scores"] = .histogram(thinned.kept.map { Double($0.score) })
        return .object(members)
    }
}
