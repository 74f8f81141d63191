internal import Foundation

/// The judge's replies about one response, to be compared with one another (Meta-Rewarding, Wu et al. 2024).
///
/// Of a prompt's responses it is the one whose verdicts differ most: where the judge is of several minds, some of its
/// reasons are better than others.
package struct JudgementContest: Sendable {
    package enum Reason: String {
        case compared
        /// All verdicts on all responses are the same.
        case noVariance = "no-variance"
        /// Fewer than two of the replies state a score and differ in what they say.
        case tooFewReplies = "too-few-replies"
        /// A comparison between two of the replies has no verdict.
        case noVerdict = "no-verdict"
        /// No reply is the best, or none the worst.
        case notDistinct = "not-distinct"
        /// The chosen reply's score is too common among the chosen.
        case thinned
    }

    /// The judged response.
    let candidate: Candidate
    /// What the judge was asked.
    let judgePrompt: String
    /// Its replies with a score, none twice, as responses to that prompt.
    package let replies: [Candidate]
    /// Of each reply.
    let scores: [Double]
    /// The pairs of replies, in the order of their places.
    let matches: [ResponseMatch]

    /// The contest of one prompt's responses.
    /// - Returns: nil with a reason where there is none.
    static func of(
        _ candidates: [Candidate], judgements: [String: Judgement], template: JudgeTemplate
    ) -> Result<JudgementContest, NoContest> {
        let varied = candidates.filter { !$0.isMissing }.compactMap { candidate in
            judgements[candidate.id].map { (candidate, $0) }
        }.filter { ($0.1.variance ?? 0) > 0 }
        // Of equally varied ones the first.
        guard let (candidate, judgement) = varied.max(by: { ($0.1.variance ?? 0) < ($1.1.variance ?? 0) }) else {
            return .failure(NoContest(reason: .noVariance, detail: "\(candidates.count) responses"))
        }
        let prompt = template.render(instruction: candidate.prompt, response: candidate.text)
        let parser = VerdictParser(template.form)
        var seen: Set<String> = []
        var replies: [Candidate] = [], scores: [Double] = []
        for (index, verdict) in judgement.verdicts.enumerated() {
            guard let score = verdict.score, verdict.finish == .stop,
                seen.insert(parser.justification(in: verdict.raw, finish: verdict.finish)).inserted
            else { continue }
            replies.append(
                Candidate(
                    promptID: candidate.id, prompt: prompt, index: index, text: verdict.raw, tokens: 0, finish: .stop)
            )
            scores.append(score)
        }
        guard replies.count >= 2 else {
            return .failure(
                NoContest(reason: .tooFewReplies, detail: "\(replies.count) of \(judgement.verdicts.count)"))
        }
        let matches = replies.indices.flatMap { first in
            replies.indices.filter { $0 > first }.map { second in
                // Without the scores: the reasons are what is compared.
                ResponseMatch(first: replies[first], second: replies[second]) {
                    parser.justification(in: $0.text, finish: $0.finish)
                }
            }
        }
        return .success(
            JudgementContest(
                candidate: candidate, judgePrompt: prompt, replies: replies, scores: scores, matches: matches))
    }

    /// Why a prompt has no contest.
    struct NoContest: Error {
        let reason: Reason
        let detail: String
    }

    /// The best reply against the worst.
    /// - Parameter judgements: of `matches`, found by the ids of what they compare, whatever their order.
    func pair(_ judgements: [PairwiseJudgement]) -> Result<(pair: PreferencePair, chosenScore: Double), NoContest> {
        let places = Dictionary(uniqueKeysWithValues: replies.enumerated().map { ($0.element.id, $0.offset) })
        var wins = replies.map { _ in [Double](repeating: 0, count: replies.count) }
        for judgement in judgements {
            guard let first = places[judgement.firstID], let second = places[judgement.secondID] else { continue }
            switch judgement.outcome {
            case .first: wins[first][second] += 1
            case .second: wins[second][first] += 1
            case .tie:
                wins[first][second] += 0.5
                wins[second][first] += 0.5
            case .noVerdict: return .failure(NoContest(reason: .noVerdict, detail: judgement.id))
            }
        }
        let strengths = BradleyTerry.strengths(wins: wins)
        let order = strengths.indices.sorted { strengths[$0] > strengths[$1] }
        let (best, worst) = (order[0], order[order.count - 1])
        func differ(_ first: Int, _ second: Int) -> Bool { abs(strengths[first] - strengths[second]) > 1e-9 }
        let isDistinct = replies.indices.allSatisfy {
            ($0 == best || differ($0, best)) && ($0 == worst || differ($0, worst))
        }
        let detail = strengths.map { String(format: "%.3f", $0) }.joined(separator: " ")
        guard isDistinct, replies[best].text != replies[worst].text else {
            return .failure(NoContest(reason: .notDistinct, detail: detail))
        }
        let pair = PreferencePair(
            chosen: replies[best], score: strengths[best], rejected: replies[worst], score: strengths[worst])
        return .success((pair, scores[best]))
    }
}
