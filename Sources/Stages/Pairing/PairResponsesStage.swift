internal import Artifacts
internal import Model
package import Pipeline

/// `pair`: forms preference pairs from judged candidates (paper §2.3).
package struct PairResponsesStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey {
            case strategy, rho, margin
            case tieBreak = "tie_break", lengthPenalty = "length_penalty", maxPairs = "max_pairs"
        }

        /// Paper §2.3: the best against the worst.
        package var strategy = PairStrategy.bestWorst
        /// Within the group with the best mean, and within that with the worst. The paper does not say; a draw favours
        /// neither early samples nor sure ones.
        package var tieBreak: TieBreak = .seeded
        /// Of `length-aware`: the share of the distance between best and worst score that still counts as best, or as
        /// worst. At 0 length decides among equal scores alone. NeMo-Aligner's documentation of Meta-Rewarding takes 0,
        /// 0 and 0.1 in its three iterations.
        package var rho = 0.0
        /// Of `length-penalty`: points that a character costs.
        package var lengthPenalty = 0.0
        /// The least difference of scores that makes a pair. Paper §2.3: any.
        package var margin = 0.0
        /// Of one prompt, for strategies that can give several: those furthest apart. The default is all.
        package var maxPairs: Int?

        package init() {}

        var rule: PairRule {
            var rule = PairRule()
            rule.strategy = strategy
            rule.tieBreak = tieBreak
            rule.rho = rho
            rule.lengthPenalty = lengthPenalty
            rule.margin = margin
            rule.maximumPairs = maxPairs
            return rule
        }
    }

    package static let kind: StageKind = "pair"
    package static let version = 2
    package static let usesSeed = true
    package static let inputs = [
        Port("candidates", schema: Candidate.schema.description, acceptsMany: true),
        // Every strategy but `spin` needs them.
        Port("judgements", schema: Judgement.schema.description, isOptional: true, acceptsMany: true),
        // For `spin`: the examples whose prompts the candidates answer.
        Port("examples", schema: SeedExample.schema.description, isOptional: true, acceptsMany: true),
    ]
    package static let outputs = [
        Port("pairs", schema: PreferencePair.schema.description),
        Port("ledger", schema: LedgerEntry.schema.description),
    ]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        let strategy = parameters.strategy
        try Self.require(
            (0..<0.5).contains(parameters.rho), "rho", "is \(parameters.rho); it must be from 0 to below 0.5")
        try Self.require(
            parameters.rho == 0 || strategy == .lengthAware, "rho",
            "means nothing to '\(strategy.rawValue)'; set 'strategy: length-aware'")
        try Self.require(
            parameters.lengthPenalty >= 0, "length_penalty", "is \(parameters.lengthPenalty); it must not be negative"
        )
        try Self.require(
            (parameters.lengthPenalty > 0) == (strategy == .lengthPenalty), "length_penalty",
            "is \(parameters.lengthPenalty) with the strategy '\(strategy.rawValue)'; 'length-penalty' needs one above 0, "
                + "and no other has one")
        try Self.require(
            parameters.margin >= 0 && (parameters.margin == 0 || strategy != .spin), "margin",
            "is \(parameters.margin); it must not be negative, and 'spin' has no scores")
        if let maxPairs = parameters.maxPairs {
            try Self.require(maxPairs, in: 1...ParameterLimit.count, "max_pairs")
            try Self.require(
                strategy == .allPairs || strategy == .spin, "max_pairs",
                "means nothing to '\(strategy.rawValue)', which makes one pair of a prompt")
        }
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let candidates = try inputs.rows("candidates", as: Candidate.self)
        let judgements = try inputs.optionalRows("judgements", as: Judgement.self) ?? []
        let builder = PairBuilder(parameters.rule) { Philox(key: context.seed.child($0, "tie-break").key) }
        let result: PairBuilder.Result
        if parameters.strategy == .spin {
            try require("examples", inputs, "the strategy 'spin' takes their responses as chosen")
            result = builder.pairs(
                candidates: candidates, examples: try inputs.rows("examples", as: SeedExample.self))
        } else {
            try require("judgements", inputs, "the strategy '\(parameters.strategy.rawValue)' goes by scores")
            result = try builder.pairs(candidates: candidates, judgements: judgements)
        }
        if candidates.isEmpty {
            context.warn("no candidates to pair; the pairs are empty")
        } else if result.pairs.isEmpty {
            let prompts = Set(candidates.map(\.promptID)).count
            context.warn("none of \(prompts) prompts gave a pair; the ledger says why")
        }
        let lengths = LengthStatistics(candidates: candidates, judgements: judgements, pairs: result.pairs)
        return StageOutputs(
            [
                "pairs": try context.write(result.pairs, to: "pairs"),
                "ledger": try context.write(result.ledger, to: "ledger"),
            ],
            summary: summary(result, lengths))
    }

    private func require(_ port: String, _ inputs: StageInputs, _ because: String) throws {
        guard inputs.isConnected(port) else {
            throw StageError.missingInput(stage: Self.kind.rawValue, port: port, because: because)
        }
    }

    private func summary(_ result: PairBuilder.Result, _ lengths: LengthStatistics) -> JSONValue {
        let pairs = result.pairs
        let members: [String: JSONValue] = [
            "prompts": .count(Set(result.ledger.map(\.item)).count),
            "pairs": .count(pairs.count),
            "filter": .report(result.ledger),
            "chosen_cut_off": .count(pairs.count { $0.chosenFinish != .stop }),
            "rejected_cut_off": .count(pairs.count { $0.rejectedFinish != .stop }),
            "score_gap": .number(mean(pairs.compactMap(\.scoreGap))),
        ]
        return .object(members.merging(lengths.members) { first, _ in first })
    }
}
