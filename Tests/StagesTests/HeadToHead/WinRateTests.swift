import Model
import Stages
import Testing

@Suite("Wins, ties and losses")
struct WinRateTests {
    typealias Outcome = PairwiseJudgement.Outcome

    private func reply(_ shown: PairwiseJudgement.Shown, _ value: Double?) -> PairwiseJudgement.Reply {
        .init(shown: shown, raw: "r", finish: .stop, value: value, reason: value == nil ? .noVerdict : nil)
    }

    @Test(
        "a response wins only if it wins in both orders",
        arguments: [
            (1.0, 1.0, Outcome.first), (0, 0, .second), (1, 0, .tie), (0, 1, .tie), (0.5, 1, .tie), (0.5, 0.5, .tie),
            (0.7, 0.6, .first), (0.3, 0.1, .second),
        ])
    func bothOrders(there: Double, back: Double, outcome: Outcome) {
        let replies = [reply(.firstThenSecond, there), reply(.secondThenFirst, back)]
        #expect(PairwiseJudgement.outcome(of: replies) == outcome)
    }

    @Test("an order without a verdict leaves the match without one; several verdicts in an order are averaged")
    func states() {
        #expect(
            PairwiseJudgement.outcome(of: [reply(.firstThenSecond, 1), reply(.secondThenFirst, nil)]) == .noVerdict)
        #expect(PairwiseJudgement.outcome(of: []) == .noVerdict)
        let averaged = [1, 1, 0, nil].map { reply(.firstThenSecond, $0) } + [reply(.secondThenFirst, 1)]
        #expect(PairwiseJudgement.outcome(of: averaged) == .first)
    }

    @Test("with scores of each response the higher mean wins, and equal means tie")
    func scores() {
        func outcome(_ first: [Double?], _ second: [Double?]) -> Outcome {
            PairwiseJudgement.outcome(of: first.map { reply(.first, $0) } + second.map { reply(.second, $0) })
        }
        #expect(outcome([4, 3], [3]) == .first)
        #expect(outcome([2, nil], [3, 4]) == .second)
        #expect(outcome([3, 4], [3.5]) == .tie)
        #expect(outcome([nil], [5]) == .noVerdict)
    }

    private func candidate(_ prompt: Int, _ index: Int, _ text: String) -> Candidate {
        Candidate(promptID: "p\(prompt)", prompt: "?", index: index, text: text, tokens: 1, finish: .stop)
    }

    private func rate(_ outcomes: [(there: Double?, back: Double?)]) -> WinRate {
        let matches = outcomes.indices.map {
            ResponseMatch(first: candidate($0, 0, "one"), second: candidate($0, 0, "other"))
        }
        return WinRate(
            matches,
            zip(matches, outcomes).map { match, values in
                PairwiseJudgement(
                    match,
                    replies: [reply(.firstThenSecond, values.there), reply(.secondThenFirst, values.back)])
            })
    }

    @Test("ties count half, matches without a verdict not at all")
    func value() {
        let rate = rate([(1, 1), (1, 1), (1, 0), (0, 0), (1, nil)])
        #expect((rate.wins, rate.ties, rate.losses, rate.noVerdict) == (2, 1, 1, 1))
        #expect(rate.value == 0.625 && rate.decided == 4)
        // Shown first is preferred in 1, 0 | 1, 0 | 1, 1 | 0, 1 | 1: six of nine.
        #expect(rate.firstShown.reduce(RatioSample(0, of: 0), +) == RatioSample(6, of: 9))
        #expect(rate.sameInBothOrders.reduce(RatioSample(0, of: 0), +) == RatioSample(3, of: 4))
    }

    @Test("equal texts tie without being asked about, and a missing one has no verdict")
    func unasked() {
        let same = ResponseMatch(first: candidate(0, 0, "one"), second: candidate(0, 1, "one"))
        let missing = ResponseMatch(
            first: Candidate(promptID: "q", prompt: "?", index: 0, text: "", tokens: 0, finish: .doesNotFit),
            second: Candidate(promptID: "q", prompt: "?", index: 0, text: "", tokens: 0, finish: .doesNotFit))
        let rate = WinRate(
            [same, missing], [PairwiseJudgement(same, replies: []), PairwiseJudgement(missing, replies: [])])
        #expect((rate.ties, rate.identical, rate.noVerdict) == (1, 1, 1))
        #expect(rate.value == 0.5 && rate.signTest == nil)
    }

    /// 2 · Σ C(n, i) / 2ⁿ over i ≤ min(wins, losses), in exact rational numbers.
    @Test(
        "the sign test",
        arguments: [
            (9, 1, 0.021484375), (1, 9, 0.021484375), (5, 5, 1), (60, 40, 0.05688793364098089), (0, 7, 0.015625),
            (550, 450, 0.0017305360849763027), (3, 0, 0.25),
        ])
    func signTest(wins: Int, losses: Int, expected: Double) throws {
        #expect(abs(try #require(WinRate.signTest(wins, losses)) - expected) < 1e-9 * max(1, expected))
    }

    @Test("several matches of one prompt are one vote of the sign test")
    func dependentMatches() throws {
        let matches = (0..<3).flatMap { prompt in
            (0..<4).map { ResponseMatch(first: candidate(prompt, $0, "one"), second: candidate(prompt, $0, "other")) }
        }
        let rate = WinRate(
            matches,
            matches.map {
                PairwiseJudgement($0, replies: [reply(.firstThenSecond, 1), reply(.secondThenFirst, 1)])
            })
        // Three prompts, all won: 2 / 2³.
        #expect(rate.wins == 12)
        #expect(abs(try #require(rate.signTest) - 0.25) < 1e-12)
    }

    @Test("the sign test of very many matches is a number, and of none is not there")
    func extremes() throws {
        #expect(WinRate.signTest(0, 0) == nil)
        #expect(try #require(WinRate.signTest(0, 100_000)) == 0)
        #expect(abs(try #require(WinRate.signTest(50_000, 50_000)) - 1) < 1e-9)
    }

    @Test("every measurement has its count, and the interval holds the value")
    func measurements() throws {
        let outcomes = (0..<40).map { index -> (there: Double?, back: Double?) in
            index % 4 == 0 ? (0, 0) : index % 4 == 1 ? (1, 0) : (1, 1)
        }
        let measurements = rate(outcomes).measurements(bootstrap: Bootstrap(), generator: Philox(key: 3))
        let value = try #require(measurements.first { $0.name == "win_rate" })
        #expect(value.value == 0.625 && value.count == 40)
        #expect(try #require(value.lower) < 0.625 && 0.625 < (try #require(value.upper)))
        #expect(try #require(value.lower) > 0.45 && (try #require(value.upper)) < 0.8)
        #expect(Set(measurements.map(\.name)).count == measurements.count)
        for (name, share) in [("wins", 0.5), ("ties", 0.25), ("losses", 0.25)] {
            let found = try #require(measurements.first { $0.name == name })
            #expect(found.value == share && found.count == 40, "\(name)")
            #expect(try #require(found.lower) < share && share < (try #require(found.upper)), "\(name)")
        }
        // None of forty; and lengths that are all the same, which nothing bounds.
        let silent = try #require(measurements.first { $0.name == "no_verdict" })
        let upper = try #require(silent.upper)
        #expect(silent.value == 0 && silent.lower == 0 && (0.05...0.1).contains(upper))
        let characters = try #require(measurements.first { $0.name == "characters" })
        #expect(characters.lower == nil && characters.upper == nil)
        // Shown first is preferred by both replies of ten of forty prompts, and else by one of two.
        let first = try #require(measurements.first { $0.name == "first_shown_preferred" })
        #expect(first.value == 50.0 / 80 && first.count == 80)
        #expect(try #require(first.lower) < 0.625 && 0.625 < (try #require(first.upper)))
        let same = try #require(measurements.first { $0.name == "same_in_both_orders" })
        #expect(same.value == 0.75 && same.count == 40 && same.lower != nil)
    }
}
