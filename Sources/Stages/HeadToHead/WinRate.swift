internal import Artifacts
internal import Foundation
package import Model

/// What a judge found between two models, as numbers (paper §3.1.2). Of the candidates, against the baseline.
package struct WinRate: Sendable {
    package let wins: Int
    package let losses: Int
    package let ties: Int
    package let noVerdict: Int
    /// Matches with equal texts: ties that nobody was asked about.
    package let identical: Int
    /// Of the pairwise replies that prefer one: how many prefer what they saw first, by prompt. A judge without a bias for a
    /// place has half.
    package let firstShown: [RatioSample]
    /// Of the matches judged in both orders: how many had the same verdict in both, by prompt.
    package let sameInBothOrders: [RatioSample]
    private let samples: [RatioSample]
    /// Prompts with more wins than losses, and with fewer.
    private let prompts: (won: Int, lost: Int)
    /// The matches of each prompt, with what was found.
    private let groups: [[(match: ResponseMatch, outcome: PairwiseJudgement.Outcome)]]
    package let lengthAdjustment: LengthAdjustment

    package init(_ matches: [ResponseMatch], _ judgements: [PairwiseJudgement]) {
        precondition(
            matches.count == judgements.count, "win rate: \(matches.count) matches, \(judgements.count) judgements")
        func count(_ outcome: PairwiseJudgement.Outcome) -> Int { judgements.count { $0.outcome == outcome } }
        wins = count(.first)
        losses = count(.second)
        ties = count(.tie)
        noVerdict = count(.noVerdict)
        identical = matches.count { $0.isIdentical && !$0.isMissing }
        samples = Self.samples(judgements)
        firstShown = judgements.grouped(by: \.promptID).map { group in
            RatioSample(shareOf: group.elements.flatMap(\.replies).compactMap(Self.prefersFirstShown))
        }
        sameInBothOrders = judgements.grouped(by: \.promptID).map { group in
            RatioSample(shareOf: group.elements.compactMap(Self.agreesWithItself))
        }
        let balances = judgements.grouped(by: \.promptID).map { group in
            group.elements.reduce(0) { $0 + ($1.outcome == .first ? 1 : $1.outcome == .second ? -1 : 0) }
        }
        prompts = (balances.count { $0 > 0 }, balances.count { $0 < 0 })
        groups = zip(matches, judgements).grouped(by: \.1.promptID).map { group in
            group.elements.map { ($0, $1.outcome) }
        }
        lengthAdjustment = LengthAdjustment(
            zip(matches, judgements).filter { $1.outcome != .noVerdict }.grouped(by: \.1.promptID).map { group in
                group.elements.map { match, judgement in
                    LengthComparison(
                        share: Self.share(judgement.outcome), response: match.first.text, baseline: match.second.text)
                }
            })
    }

    /// Matches that have an outcome.
    package var decided: Int { wins + ties + losses }

    /// Whether the judge was asked and said nothing that can be read, of any match.
    package var isSilent: Bool { noVerdict > 0 && wins + ties + losses == identical }

    /// (wins + ties / 2) of the matches that have an outcome.
    package var value: Double? { RatioSample.ratio(samples) }

    /// The two-sided sign test over prompts: how likely so many would be won, or lost, if either were as likely. A prompt has
    /// one vote, however many responses it has; one with as many wins as losses says nothing.
    package var signTest: Double? { Self.signTest(prompts.won, prompts.lost) }

    package static func signTest(_ wins: Int, _ losses: Int) -> Double? {
        let count = wins + losses
        guard count > 0 else { return nil }
        let fewer = min(wins, losses)
        // P(X ≤ fewer), from its largest term down, so that it stays in range for any count.
        var term = 1.0, sum = 1.0
        for place in stride(from: fewer, to: 0, by: -1) {
            term *= Double(place) / Double(count - place + 1)
            sum += term
        }
        let largest =
            lgamma(Double(count + 1)) - lgamma(Double(fewer + 1)) - lgamma(Double(count - fewer + 1))
            - Double(count) * log(2)
        return min(1, 2 * sum * exp(largest))
    }

    /// What each prompt adds to the rate. The responses to one prompt are not independent: the prompts are what is drawn again.
    static func samples(_ judgements: [PairwiseJudgement]) -> [RatioSample] {
        judgements.grouped(by: \.promptID).map { group in
            let known = group.elements.filter { $0.outcome != .noVerdict }
            return RatioSample(known.reduce(0) { $0 + share($1.outcome) }, of: Double(known.count))
        }
    }

    /// - Parameter generator: gives the bootstrap's random numbers.
    package func measurements(bootstrap: Bootstrap, generator: Philox) -> [Measurement] {
        // Where every prompt has an outcome, the adjusted rate sees the same resamples as the raw one.
        let adjusted = lengthAdjustment.measurement(bootstrap: bootstrap, generator: generator)
        // One after the other from the same numbers: the first of them are the win rate's.
        var generator = generator
        func ratio(
            _ name: String, _ samples: [RatioSample], within bounds: ClosedRange<Double>? = 0...1, _ note: String
        ) -> Measurement {
            Measurement(
                name: name, value: RatioSample.ratio(samples),
                count: Int(samples.reduce(0) { $0 + $1.denominator }),
                interval: bootstrap.interval(samples, within: bounds, generator: &generator),
                note: note + "; the interval is over prompts")
        }
        func share(
            _ name: String, _ note: String, _ belongs: (ResponseMatch, PairwiseJudgement.Outcome) -> Bool
        ) -> Measurement {
            ratio(name, groups.map { group in RatioSample(shareOf: group.map(belongs)) }, "of all matches" + note)
        }
        func characters(_ name: String, _ side: KeyPath<ResponseMatch, Candidate>, _ whose: String) -> Measurement {
            let lengths = groups.map { group in
                group.map { $0.match[keyPath: side] }.filter { !$0.isMissing }.map { Double($0.text.count) }
            }
            return ratio(
                name, lengths.map { RatioSample($0.reduce(0, +), of: Double($0.count)) }, within: nil,
                "mean length of \(whose)")
        }
        return [
            ratio("win_rate", samples, "(wins + ties / 2) of the matches with an outcome"),
            adjusted,
            share("wins", "") { $1 == .first },
            share("ties", "; equal texts, and verdicts that change with the order, are ties") { $1 == .tie },
            share("losses", "") { $1 == .second },
            share("no_verdict", "; nothing could be read, or a response is missing") { $1 == .noVerdict },
            share("identical", "; equal texts") { match, _ in match.isIdentical && !match.isMissing },
            Measurement(
                name: "sign_test_p", value: signTest, count: prompts.won + prompts.lost,
                note: "two-sided, prompts won against prompts lost; others are left out"),
            ratio(
                "first_shown_preferred", firstShown,
                "of the pairwise replies that prefer one response; 0.5 is a judge without a bias for a place"),
            ratio("same_in_both_orders", sameInBothOrders, "of the matches judged in both orders"),
            characters("characters", \.first, "a response"),
            characters("baseline_characters", \.second, "a baseline's response"),
        ]
    }

    /// What a match adds to the wins.
    static func share(_ outcome: PairwiseJudgement.Outcome) -> Double {
        switch outcome {
        case .first: 1
        case .tie: 0.5
        case .second, .noVerdict: 0
        }
    }

    private static func prefersFirstShown(_ reply: PairwiseJudgement.Reply) -> Bool? {
        guard let value = reply.value, value != 0.5 else { return nil }
        switch reply.shown {
        case .firstThenSecond: return value > 0.5
        case .secondThenFirst: return value < 0.5
        case .first, .second: return nil
        }
    }

    private static func agreesWithItself(_ judgement: PairwiseJudgement) -> Bool? {
        func side(_ shown: PairwiseJudgement.Shown) -> Int? {
            mean(judgement.replies.filter { $0.shown == shown }.compactMap(\.value)).map {
                $0 > 0.5 ? 1 : $0 < 0.5 ? -1 : 0
            }
        }
        guard let there = side(.firstThenSecond), let back = side(.secondThenFirst) else { return nil }
        return there == back
    }
}
