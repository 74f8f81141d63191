internal import Artifacts
package import Pipeline

/// `best-responses`: keeps what the judge scored high, as examples for `sft` instead of pairs for `dpo` (paper §2.3, A.4).
package struct KeepBestResponsesStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey { case minimumScore = "minimum_score", perPrompt = "per_prompt" }

        /// The mean that a response must have. Paper §2.3: a perfect score.
        package var minimumScore = 5.0
        /// At most so many of one prompt, the highest first; null keeps all, as the paper does.
        package var perPrompt: Int?

        package init() {}
    }

    package enum Reason: String {
        case kept
        /// There is no response, or no verdict on it that could be read.
        case unscored
        case scoredLower = "scored-lower"
        /// Another candidate of the prompt has the same text.
        case sameText = "same-text"
        /// The prompt has enough others.
        case surplus
    }

    package static let kind: StageKind = "best-responses"
    package static let version = 1
    package static let inputs = [
        Port("candidates", schema: Candidate.schema.description, acceptsMany: true),
        Port("judgements", schema: Judgement.schema.description, acceptsMany: true),
    ]
    package static let outputs = [
        Port("responses", schema: BestResponse.schema.description),
        Port("ledger", schema: LedgerEntry.schema.description),
    ]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        // The rubric says where its scale ends.
        try Self.require(
            (0...Double(ScoreForm.largest)).contains(parameters.minimumScore), "minimum_score",
            "is \(parameters.minimumScore); scores go from 0 to \(ScoreForm.largest) at most")
        if let most = parameters.perPrompt { try Self.require(most, in: 1...ParameterLimit.count, "per_prompt") }
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let candidates = try inputs.rows("candidates", as: Candidate.self)
        let judgements = try inputs.rows("judgements", as: Judgement.self).byCandidate()
        let scores = judgements.compactMapValues(\.score)
        var kept: [BestResponse] = []
        var ledger: [LedgerEntry] = []
        for group in candidates.grouped(by: \.promptID) {
            let judged = judge(group.elements, scores)
            kept += judged.kept
            ledger += judged.ledger
        }
        if kept.isEmpty {
            context.warn(
                "none of \(candidates.count) responses has a mean of \(parameters.minimumScore); lower 'minimum_score'"
            )
        }
        return StageOutputs(
            [
                "responses": try context.write(kept, to: "responses"),
                "ledger": try context.write(ledger, to: "ledger"),
            ],
            summary: .object([
                "candidates": .count(candidates.count), "responses": .count(kept.count), "filter": .report(ledger),
                "characters": .number(mean(kept.map { Double($0.response.count) })),
            ]))
    }

    /// The candidates of one prompt: an entry each, in their order.
    private func judge(
        _ candidates: [Candidate], _ scores: [String: Double]
    ) -> (kept: [BestResponse], ledger: [LedgerEntry]) {
        var reasons: [String: Reason] = [:]
        var texts: Set<String> = []
        var kept: [BestResponse] = []
        let ordered = candidates.enumerated().sorted {
            (scores[$1.element.id] ?? -.infinity, $0.offset) < (scores[$0.element.id] ?? -.infinity, $1.offset)
        }
        for candidate in ordered.map(\.element) {
            reasons[candidate.id] = reason(candidate, scores[candidate.id], kept: kept.count, &texts)
            if reasons[candidate.id] == .kept, let score = scores[candidate.id] {
                kept.append(BestResponse(candidate, score: score))
            }
        }
        let ledger = candidates.map { candidate in
            let reason = reasons[candidate.id] ?? .unscored
            return LedgerEntry(
                item: candidate.id, decision: reason == .kept ? .kept : .dropped, reason: reason,
                detail: scores[candidate.id].map { "mean \($0)" } ?? "no score")
        }
        return (kept, ledger)
    }

    private func reason(
        _ candidate: Candidate, _ score: Double?, kept: Int, _ texts: inout Set<String>
    ) -> Reason {
        guard !candidate.isMissing, let score else { return .unscored }
        // Means of thirds differ from whole numbers in their last bits.
        guard score >= parameters.minimumScore - PairBuilder.equality else { return .scoredLower }
        guard texts.insert(candidate.text).inserted else { return .sameText }
        return kept < parameters.perPrompt ?? .max ? .kept : .surplus
    }
}
