internal import Artifacts
package import Model
package import Pipeline

/// `meta-judge`: pairs for the skill of judging (Meta-Rewarding, Wu et al. 2024; no part of the paper, which trains it by EFT
/// alone).
///
/// The judge's own replies about a response are compared with one another, in both orders and without their scores; the
/// best is chosen, the worst rejected, and `dpo` learns from them beside the pairs of responses.
package struct MetaJudgeStage: Stage {
    package struct Parameters: JudgingParameters {
        enum CodingKeys: String, CodingKey {
            case samples, temperature, scoring, precision, weights
            case topP = "top_p", maxTokens = "max_tokens", maxScoreShare = "max_score_share"
        }

        /// Verdicts in each order.
        package var samples = 1
        package var temperature = 0.0
        package var topP = 0.9
        package var maxTokens = 256
        package var scoring = JudgeScoring.sampled
        /// The share that one score may have among the chosen replies: Meta-Rewarding's, against judges that learn to say one.
        package var maxScoreShare = 0.4
        /// Of matrix products' factors: see `Precision`.
        package var precision = Precision.bfloat16
        /// Of the meta-judge: see `WeightFormat`.
        package var weights = WeightFormat.full

        package init() {}
    }

    package static let kind: StageKind = "meta-judge"
    package static let version = 1
    package static let usesSeed = true
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        ServedModel.judgePort("model"),
        Port("candidates", schema: Candidate.schema.description, acceptsMany: true),
        Port("judgements", schema: Judgement.schema.description, acceptsMany: true),
        // What the judge was asked by, and what the meta-judge is.
        Port("rubric", schema: ArtifactReference.blobSchema),
        Port("meta-rubric", schema: ArtifactReference.blobSchema),
    ]
    package static let outputs = [
        Port("pairs", schema: PreferencePair.schema.description),
        // The judge's replies that were compared, as responses to the judge prompt.
        Port("replies", schema: Candidate.schema.description),
        Port("judgements", schema: PairwiseJudgement.schema.description),
        Port("ledger", schema: LedgerEntry.schema.description),
    ]

    private let parameters: Parameters
    private let settings: JudgeSettings

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        settings = parameters.judge
        try settings.validate(for: Self.self)
        try Self.require(
            parameters.maxScoreShare > 0 && parameters.maxScoreShare <= 1, "max_score_share",
            "is \(parameters.maxScoreShare); it must be above 0 and at most 1")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let template = try JudgeTemplate(blob: "rubric", of: inputs)
        guard case .pairwise = try ComparisonRubric(blob: "meta-rubric", of: inputs) else {
            throw StageError.malformedTemplate(
                name: "meta-rubric",
                problem: "it scores one response; replies are compared, so give '{first}' and '{second}'")
        }
        let judgements = try inputs.rows("judgements", as: Judgement.self).byCandidate()
        var contests: [(prompt: String, contest: JudgementContest)] = []
        var ledger: [LedgerEntry] = []
        for group in try inputs.rows("candidates", as: Candidate.self).grouped(by: \.promptID) {
            switch JudgementContest.of(group.elements, judgements: judgements, template: template) {
            case .success(let contest): contests.append((group.key, contest))
            case .failure(let none):
                ledger.append(
                    LedgerEntry(item: group.key, decision: .dropped, reason: none.reason, detail: none.detail))
            }
        }
        let verdicts = try await compare(contests.map(\.contest), inputs, context)
        context.warnOfPromptsThatDoNotFit(verdicts.flatMap(\.replies).map(\.finish), unit: "verdicts")
        let (pairs, entries) = settle(contests, verdicts, context)
        ledger += entries
        if pairs.isEmpty { context.warn("no pairs of judgements; the ledger says why") }
        return StageOutputs(
            [
                "pairs": try context.write(pairs, to: "pairs"),
                "replies": try context.write(contests.flatMap(\.contest.replies), to: "replies"),
                "judgements": try context.write(verdicts, to: "judgements"),
                "ledger": try context.write(ledger, to: "ledger"),
            ],
            summary: try JSONValue.object([
                "prompts": .count(ledger.count), "compared": .count(verdicts.count), "pairs": .count(pairs.count),
                "filter": .report(ledger),
            ]).reproducible(asFrom: "model", of: inputs))
    }

    private func compare(
        _ contests: [JudgementContest], _ inputs: StageInputs, _ context: StageContext
    ) async throws -> [PairwiseJudgement] {
        let matches = contests.flatMap(\.matches)
        guard matches.contains(where: \.needsJudge) else { return matches.map { PairwiseJudgement($0, replies: []) } }
        let comparer = try context.comparer(
            inputs, rubric: "meta-rubric", settings: settings,
            replies: ResponseComparer.replies(to: matches, settings), stage: Self.kind)
        return try await comparer.judgements(of: matches, list: "judgements", context)
    }

    /// The pairs that stay, and an entry for each contest.
    private func settle(
        _ contests: [(prompt: String, contest: JudgementContest)], _ verdicts: [PairwiseJudgement],
        _ context: StageContext
    ) -> (pairs: [PreferencePair], ledger: [LedgerEntry]) {
        // By the response that was judged, not by position: a contest may have any number of matches.
        let verdictsOf = Dictionary(grouping: verdicts, by: \.promptID)
        let results = contests.map { $0.contest.pair(verdictsOf[$0.contest.candidate.id] ?? []) }
        let scores = results.enumerated().compactMap { place, result in
            (try? result.get()).map { (place: place, score: Int($0.chosenScore.rounded())) }
        }
        var generator = Philox(key: context.seed.child("thinning").key)
        let thinned = Set(
            ScoreThinning(maximumShare: parameters.maxScoreShare).thinned(scores.map(\.score), generator: &generator)
                .map { scores[$0].place })
        var pairs: [PreferencePair] = []
        let ledger = results.enumerated().map { place, result in
            let item = contests[place].prompt
            switch result {
            case .failure(let none):
                return LedgerEntry(item: item, decision: .dropped, reason: none.reason, detail: none.detail)
            case .success(let found):
                let isKept = !thinned.contains(place)
                if isKept { pairs.append(found.pair) }
                return LedgerEntry(
                    item: item, decision: isKept ? .kept : .dropped,
                    reason: isKept ? JudgementContest.Reason.compared : .thinned, detail: "score \(found.chosenScore)"
                )
            }
        }
        return (pairs, ledger)
    }
}
