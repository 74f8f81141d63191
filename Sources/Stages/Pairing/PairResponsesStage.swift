internal import Artifacts
internal import Model
package import Pipeline

/// `pair`: forms preference pairs from judged candidates (paper §2.3).
package struct PairResponsesStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey { case tieBreak = "tie_break" }

        /// Within the group with the best mean, and within that with the worst. The paper does not say; a draw favours
        /// neither early samples nor sure ones.
        package var tieBreak: TieBreak = .seeded

        package init() {}
    }

    package static let kind: StageKind = "pair"
    package static let version = 2
    package static let usesSeed = true
    package static let inputs = [
        Port("candidates", schema: Candidate.schema.description, acceptsMany: true),
        Port("judgements", schema: Judgement.schema.description, acceptsMany: true),
    ]
    package static let outputs = [
        Port("pairs", schema: PreferencePair.schema.description),
        Port("ledger", schema: LedgerEntry.schema.description),
    ]

    private let parameters: Parameters

    package init(parameters: Parameters) { self.parameters = parameters }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let candidates = try inputs.rows("candidates", as: Candidate.self)
        let judgements = try inputs.rows("judgements", as: Judgement.self)
        let builder = PairBuilder(tieBreak: parameters.tieBreak) {
            Philox(key: context.seed.child($0, "tie-break").key)
        }
        let result = try builder.pairs(candidates: candidates, judgements: judgements)
        if candidates.isEmpty {
            context.warn("no candidates to pair; the pairs are empty")
        } else if result.pairs.isEmpty {
            context.warn("none of \(result.ledger.count) prompts gave a pair; the ledger says why")
        }
        return StageOutputs(
            [
                "pairs": try context.write(result.pairs, to: "pairs"),
                "ledger": try context.write(result.ledger, to: "ledger"),
            ],
            summary: summary(result))
    }

    private func summary(_ result: PairBuilder.Result) -> JSONValue {
        let pairs = result.pairs
        return .object([
            "prompts": .count(result.ledger.count),
            "pairs": .count(pairs.count),
            "filter": .report(result.ledger),
            "chosen_cut_off": .count(pairs.count { $0.chosenFinish != .stop }),
            "rejected_cut_off": .count(pairs.count { $0.rejectedFinish != .stop }),
            "score_gap": .number(mean(pairs.map { $0.chosenScore - $0.rejectedScore })),
            "chosen_characters": .number(mean(pairs.map { Double($0.chosen.count) })),
            "rejected_characters": .number(mean(pairs.map { Double($0.rejected.count) })),
        ])
    }
}
