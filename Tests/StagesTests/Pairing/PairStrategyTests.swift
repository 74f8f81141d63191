import Model
import Stages
import Testing

/// A candidate with one verdict, and a response of so many characters.
private struct Judged {
    let candidate: Candidate
    let judgement: Judgement

    init(_ prompt: String, _ index: Int, _ score: Double, characters: Int = 4, letter: Character? = nil) {
        let letter = letter ?? Character(UnicodeScalar(UInt8(97 + index % 26)))
        candidate = Candidate(
            promptID: prompt, prompt: prompt, index: index, text: String(repeating: letter, count: characters),
            tokens: 1, finish: .stop)
        judgement = Judgement(
            candidateID: candidate.id, promptID: prompt,
            verdicts: [.init(raw: "", finish: .stop, verdict: .scored(score))])
    }
}

private func build(
    _ judged: [Judged], _ strategy: PairStrategy, _ change: (inout PairRule) -> Void = { _ in }
) throws -> PairBuilder.Result {
    var rule = PairRule()
    rule.strategy = strategy
    change(&rule)
    return try PairBuilder(rule) { Philox(key: UInt64($0.utf8.reduce(0) { $0 &* 31 &+ Int($1) })) }
        .pairs(candidates: judged.map(\.candidate), judgements: judged.map(\.judgement))
}

/// The indices of chosen and rejected candidates.
private func indices(_ result: PairBuilder.Result, _ judged: [Judged]) -> [[Int]] {
    let indexOf = Dictionary(uniqueKeysWithValues: judged.map { ($0.candidate.id, $0.candidate.index) })
    return result.pairs.map { [indexOf[$0.chosenID] ?? -1, indexOf[$0.rejectedID] ?? -1] }
}

@Suite("Strategies of pairing")
struct PairStrategyTests {
    @Test(
        "length-aware: the shortest near the best against the longest near the worst",
        arguments: [
            // Scores 5, 4.6, 4, 1.4, 1, 3; lengths 9, 5, 2, 30, 8, 50. The bands are [5 − 4ρ, 5] and [1, 1 + 4ρ].
            (0.0, [0, 4]), (0.05, [0, 4]), (0.1, [1, 3]), (0.2, [1, 3]), (0.25, [2, 3]), (0.49, [2, 3]),
        ] as [(Double, [Int])])
    func lengthAware(rho: Double, expected: [Int]) throws {
        let judged = zip([5, 4.6, 4, 1.4, 1, 3], [9, 5, 2, 30, 8, 50]).enumerated().map {
            Judged("p", $0, $1.0, characters: $1.1)
        }
        let result = try build(judged, .lengthAware) { $0.rho = rho }
        #expect(indices(result, judged) == [expected])
        #expect(result.pairs.allSatisfy { ($0.scoreGap ?? 0) > 0 })
    }

    @Test("length-aware at 0: length decides among equal scores alone")
    func lengthAwareTies() throws {
        let judged = zip([4, 4, 2, 2, 3], [7, 3, 5, 6, 1]).enumerated().map {
            Judged("p", $0, Double($1.0), characters: $1.1)
        }
        let result = try build(judged, .lengthAware)
        #expect(indices(result, judged) == [[1, 3]])
        #expect(result.ledger.map(\.detail) == ["4.0 against 2.0, 3 and 6 characters"])
    }

    @Test("length-penalty: each character costs, so that a shorter response may win over a higher score")
    func lengthPenalty() throws {
        // 4.5 − 0.01·200 = 2.5, 4 − 0.01·20 = 3.8, 3 − 0.01·10 = 2.9
        let judged = [
            Judged("p", 0, 4.5, characters: 200), Judged("p", 1, 4, characters: 20),
            Judged("p", 2, 3, characters: 10),
        ]
        let result = try build(judged, .lengthPenalty) { $0.lengthPenalty = 0.01 }
        #expect(indices(result, judged) == [[1, 0]])
        // The scores are the judge's own.
        #expect(result.pairs[0].chosenScore == 4 && result.pairs[0].rejectedScore == 4.5)
    }

    @Test("all-pairs: every two responses whose scores differ by the margin, and the ledger has each two")
    func allPairs() throws {
        let judged = [5, 3, 3, 2].enumerated().map { Judged("p", $0, Double($1)) }
        let result = try build(judged, .allPairs)
        #expect(indices(result, judged) == [[0, 1], [0, 2], [0, 3], [1, 3], [2, 3]])
        #expect(
            result.ledger.map(\.reason)
                == ["equal-scores", "paired", "paired", "paired", "paired", "paired"])
        #expect(result.ledger[0].detail == "3.0 against 3.0, responses 1 and 2")
        let wide = try build(judged, .allPairs) { $0.margin = 2 }
        #expect(indices(wide, judged) == [[0, 1], [0, 2], [0, 3]])
        #expect(FilterReport(wide.ledger).dropped == ["equal-scores": 1, "below-margin": 2])
        #expect(Set(wide.ledger.map(\.id)).count == 6)
    }

    @Test("all-pairs: a limit keeps those furthest apart; of equally distant ones a draw decides, not their order")
    func limit() throws {
        let judged = [5, 3, 1, 4].enumerated().map { Judged("p", $0, Double($1)) }
        let result = try build(judged, .allPairs) { $0.maximumPairs = 2 }
        #expect(indices(result, judged) == [[0, 2], [3, 2]])
        #expect(FilterReport(result.ledger).dropped == ["over-limit": 4])
        #expect(result.ledger.count == 6)
        var seen: Set<[Int]> = []
        for prompt in 0..<40 {
            let tied = [5, 1, 1, 1].enumerated().map { Judged("p\(prompt)", $0, Double($1)) }
            seen.formUnion(indices(try build(tied, .allPairs) { $0.maximumPairs = 1 }, tied))
        }
        // One of three is missed by 40 even draws with a probability below 3·(2/3)⁴⁰ < 1e-6; the draws are fixed.
        #expect(seen == [[0, 1], [0, 2], [0, 3]])
        let first = [5, 1, 1].enumerated().map { Judged("p", $0, Double($1)) }
        let inOrder = try build(first, .allPairs) {
            $0.maximumPairs = 1
            $0.tieBreak = .first
        }
        #expect(indices(inOrder, first) == [[0, 1]])
    }

    @Test(
        "random-vs-best: every lower response can be rejected (Online-RLHF's max_random reaches the first two alone)")
    func bestRandom() throws {
        var rejected: Set<Int> = []
        for prompt in 0..<80 {
            let judged = [2, 5, 1, 4, 5, 3].enumerated().map { Judged("p\(prompt)", $0, Double($1)) }
            let pairs = indices(try build(judged, .bestRandom), judged)
            #expect(pairs.count == 1 && [1, 4].contains(pairs[0][0]))
            rejected.insert(pairs[0][1])
        }
        // One of four is missed by 80 even draws with a probability below 4·(3/4)⁸⁰ < 1e-9; the draws are fixed.
        #expect(rejected == [0, 2, 3, 5])
    }

    @Test("a margin drops pairs below it, and one of just the margin stays", arguments: PairStrategy.allCases)
    func margin(strategy: PairStrategy) throws {
        guard ![.spin, .lengthPenalty].contains(strategy) else { return }
        // 4.6 − 4.1 is a rounding below 0.5.
        let judged = [Judged("a", 0, 4.6), Judged("a", 1, 4.1), Judged("b", 0, 3), Judged("b", 1, 2.6)]
        let result = try build(judged, strategy) { $0.margin = 0.5 }
        #expect(result.pairs.map(\.promptID) == ["a"])
        #expect(FilterReport(result.ledger).dropped == ["below-margin": 1])
    }

    @Test(
        "no strategy pairs equal scores, equal texts or a single response",
        arguments: [PairStrategy.bestWorst, .lengthAware, .allPairs, .bestRandom])
    func nothingToPair(strategy: PairStrategy) throws {
        let judged = [
            Judged("ties", 0, 3), Judged("ties", 1, 3), Judged("one", 0, 5),
            Judged("same", 0, 5, letter: "x"), Judged("same", 1, 1, letter: "x"),
        ]
        let result = try build(judged, strategy)
        #expect(result.pairs.isEmpty)
        #expect(result.ledger.map(\.reason) == ["equal-scores", "too-few-scored", "identical-texts"])
    }
}

@Suite("Pairs of seeds against own responses")
struct SeedPairTests {
    private let examples = ["one", "two"].map {
        SeedExample(tree: $0, prompt: "Prompt \($0)", response: "Seed \($0)")
    }

    private func candidate(_ prompt: String, _ index: Int, _ text: String, finish: Finish = .stop) -> Candidate {
        Candidate(promptID: prompt, prompt: "?", index: index, text: text, tokens: 1, finish: finish)
    }

    private func build(_ candidates: [Candidate], limit: Int? = nil) -> PairBuilder.Result {
        var rule = PairRule()
        rule.strategy = .spin
        rule.maximumPairs = limit
        return PairBuilder(rule) { Philox(key: UInt64($0.utf8.count)) }
            .pairs(candidates: candidates, examples: examples)
    }

    @Test("the seed's response is chosen, the model's own is rejected, and there are no scores")
    func seedChosen() throws {
        let own = candidate(examples[1].id, 0, "Own", finish: .length)
        let pair = try #require(build([own]).pairs.first)
        #expect(pair.chosen == "Seed two" && pair.rejected == "Own" && pair.prompt == "Prompt two")
        #expect(pair.chosenID == examples[1].id && pair.rejectedID == own.id)
        #expect(pair.chosenScore == nil && pair.rejectedScore == nil && pair.scoreGap == nil)
        #expect(pair.chosenFinish == .stop && pair.rejectedFinish == .length)
    }

    @Test("what gives no pair has a reason: an unknown prompt, no response, the seed's very text, too many")
    func reasons() {
        let result = build(
            [
                candidate("stranger", 0, "Own"), candidate(examples[0].id, 0, "", finish: .doesNotFit),
                candidate(examples[0].id, 1, "Seed one"), candidate(examples[0].id, 2, "Own"),
                candidate(examples[0].id, 3, "Other"), candidate(examples[0].id, 4, "Third"),
            ], limit: 2)
        #expect(result.pairs.count == 2)
        #expect(
            FilterReport(result.ledger).dropped
                == ["no-seed-response": 1, "no-response": 1, "identical-texts": 1, "over-limit": 1])
        #expect(FilterReport(result.ledger).kept == ["paired": 2])
    }
}
