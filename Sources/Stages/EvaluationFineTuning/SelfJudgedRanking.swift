/// Turns what a model wrote about ranked responses into evaluation fine-tuning examples (paper §3.1.1).
///
/// For each prompt the model has judged all responses once in each attempt. The first attempt whose scores agree with
/// the human ranking is kept, with all its responses, or those that agree; the others are not used. A reply counts only if
/// it has a whole score and a justification, and was not cut off: the targets must show both.
package struct SelfJudgedRankingFilter {
    package enum Reason: String, CaseIterable {
        case agrees
        /// A reply that the token limit ended: it may not have come to its conclusion.
        case cutOff = "cut-off"
        /// A reply without a readable score.
        case unparsable
        /// A score such as 3.5, which the additive rubric does not know.
        case fractionalScore = "fractional-score"
        /// A reply that is a score and nothing else.
        case noJustification = "no-justification"
        case disagrees
        /// The model was not asked, or gave nothing.
        case notJudged = "not-judged"
    }

    /// What one attempt at a prompt came to.
    package enum Attempt: Equatable {
        /// - Parameter leftOut: why of the other responses nothing is kept, by their ids.
        case accepted([JudgeExample], leftOut: [String: Reason] = [:])
        case rejected(Reason, scores: [Double?])
    }

    private let agreement: RankAgreement
    private let template: JudgeTemplate
    private let parser: VerdictParser

    package init(agreement: RankAgreement, template: JudgeTemplate) {
        self.agreement = agreement
        self.template = template
        parser = VerdictParser(template.form)
    }

    /// Looks at one attempt.
    /// - Parameter replies: one for each response of the ranking, in its order. An expected score, where there is one,
    ///   is rounded to the whole score of the target, and the agreement is that of the rounded scores: it is they that
    ///   the model would learn to say.
    package func attempt(_ ranking: Ranking, replies: [Judgement.Reply]) -> Attempt {
        precondition(
            replies.count == ranking.responses.count,
            "judge attempt: \(replies.count) replies to \(ranking.responses.count) responses")
        let values = replies.map(\.value), readings = replies.map(reading)
        let failures = Set(
            readings.compactMap { if case .failure(let unusable) = $0 { unusable.reason } else { nil } })
        let scores = readings.map { try? $0.get().score }
        let agreeing = agreement.agreeing(scores: scores, ranks: ranking.responses.map(\.rank))
        guard !agreeing.isEmpty else {
            return .rejected(Self.gravest.first(where: failures.contains) ?? .disagrees, scores: values)
        }
        var examples: [JudgeExample] = [], leftOut: [String: Reason] = [:]
        for (place, response) in ranking.responses.enumerated() {
            switch readings[place] {
            case .success(let (score, justification)) where agreeing.contains(place):
                examples.append(
                    JudgeExample(
                        instruction: ranking.prompt, response: response.text,
                        input: template.render(instruction: ranking.prompt, response: response.text),
                        justification: justification, score: score, origin: .selfJudged, form: template.form))
            case .success: leftOut[response.id] = .disagrees
            case .failure(let unusable): leftOut[response.id] = unusable.reason
            }
        }
        return .accepted(examples, leftOut: leftOut)
    }

    /// Why a reply cannot be learned from.
    private struct Unusable: Error {
        let reason: Reason
    }

    /// Of several failures in an attempt the ledger names the first of these.
    private static let gravest: [Reason] = [.cutOff, .unparsable, .fractionalScore, .noJustification]

    private func reading(_ reply: Judgement.Reply) -> Result<(score: Int, justification: String), Unusable> {
        // An expected score exists for a reply of any kind; it does not make a torn one worth learning.
        if reply.reason == .cutOff { return .failure(Unusable(reason: .cutOff)) }
        guard let value = reply.value else { return .failure(Unusable(reason: .unparsable)) }
        guard reply.expected != nil || value == value.rounded() else {
            return .failure(Unusable(reason: .fractionalScore))
        }
        let justification = parser.justification(in: reply.raw, finish: reply.finish)
        guard !justification.isEmpty else { return .failure(Unusable(reason: .noJustification)) }
        return .success((Int(value.rounded()), justification))
    }

    /// The examples of a prompt's first accepted attempt, the prompt's ledger entry, and one for each response that is left
    /// out of an accepted attempt.
    package func settle(
        _ ranking: Ranking, attempts: [Attempt]
    ) -> (examples: [JudgeExample], entry: LedgerEntry, leftOut: [LedgerEntry]) {
        var rejections: [String] = []
        var last = Reason.notJudged
        for (number, attempt) in attempts.enumerated() {
            switch attempt {
            case .accepted(let examples, let leftOut):
                let scores = examples.map { String($0.score) }.joined(separator: " ")
                return (
                    examples,
                    LedgerEntry(
                        item: ranking.id, decision: .kept, reason: Reason.agrees,
                        detail: "attempt \(number + 1): \(scores)"),
                    ranking.responses.compactMap { response in
                        leftOut[response.id].map {
                            LedgerEntry(
                                item: response.id, decision: .dropped, reason: $0, detail: "attempt \(number + 1)")
                        }
                    }
                )
            case .rejected(let reason, let scores):
                last = reason
                let text = scores.map { $0.map { "\($0)" } ?? "-" }.joined(separator: " ")
                rejections.append("attempt \(number + 1) \(reason.rawValue): \(text)")
            }
        }
        return (
            [],
            LedgerEntry(
                item: ranking.id, decision: .dropped, reason: last, detail: rejections.joined(separator: "; ")),
            []
        )
    }
}
