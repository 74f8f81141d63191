import Model
import Stages
import Testing

private func candidate(
    _ prompt: String, _ index: Int, _ text: String? = nil, finish: Finish = .stop
) -> Candidate {
    Candidate(
        promptID: prompt, prompt: "Prompt \(prompt)", index: index, text: text ?? "\(prompt) answer \(index)",
        tokens: 3, finish: finish)
}

/// A judgement whose verdicts are the given scores; nil is a reply that says nothing.
private func judgement(_ candidate: Candidate, _ scores: Double?...) -> Judgement {
    Judgement(
        candidateID: candidate.id, promptID: candidate.promptID,
        verdicts: scores.map { score in
            .init(
                raw: score.map { "Score: \($0)" } ?? "?", finish: .stop,
                verdict: score.map { .scored($0) } ?? .unparsable(.noScore))
        })
}

private func build(
    _ candidates: [Candidate], _ judgements: [Judgement], tieBreak: TieBreak = .first
) throws -> PairBuilder.Result {
    var rule = PairRule()
    rule.tieBreak = tieBreak
    return try PairBuilder(rule) { Philox(key: UInt64($0.utf8.reduce(0) { $0 &* 31 &+ Int($1) })) }
        .pairs(candidates: candidates, judgements: judgements)
}

@Suite("Preference pairs")
struct PairBuilderTests {
    @Test("the highest mean is chosen, the lowest rejected")
    func bestAgainstWorst() throws {
        let candidates = (0..<4).map { candidate("p", $0) }
        // means 3, 13/3, 1, 4
        let judgements = [
            judgement(candidates[0], 3, 3, 3), judgement(candidates[1], 4, 4, 5),
            judgement(candidates[2], 1, 1, 1), judgement(candidates[3], 4, 4, 4),
        ]
        let result = try build(candidates, judgements)
        let pair = try #require(result.pairs.first)
        #expect(pair.chosenID == candidates[1].id && pair.rejectedID == candidates[2].id)
        #expect(pair.chosenScore == 13.0 / 3 && pair.rejectedScore == 1)
        #expect(pair.prompt == "Prompt p" && pair.chosen == "p answer 1")
        #expect(FilterReport(result.ledger).kept == ["paired": 1])
    }

    @Test(
        "equal means give no pair, and the prompts after a tie are still paired (lucidrains stops at the first tie)")
    func tiesAreDroppedOneByOne() throws {
        let tied = [candidate("a", 0), candidate("a", 1)], clear = [candidate("b", 0), candidate("b", 1)]
        // (4 + 5)/2 = (5 + 4)/2
        let result = try build(
            tied + clear,
            [
                judgement(tied[0], 4, 5), judgement(tied[1], 5, 4),
                judgement(clear[0], 1), judgement(clear[1], 2),
            ])
        #expect(result.pairs.map(\.promptID) == ["b"])
        #expect(FilterReport(result.ledger).dropped == ["equal-scores": 1])
    }

    @Test("means that differ by rounding alone are equal")
    func roundingIsNoDifference() throws {
        let both = [candidate("a", 0), candidate("a", 1)]
        // In doubles (0.1 + 0.2) + 0.3 ≠ (0.3 + 0.2) + 0.1.
        let result = try build(both, [judgement(both[0], 0.1, 0.2, 0.3), judgement(both[1], 0.3, 0.2, 0.1)])
        #expect(result.pairs.isEmpty)
    }

    @Test("an unscored response is neither chosen nor rejected (Oxen turns it into -1 and rejects it)")
    func unscoredNeverRejected() throws {
        let candidates = (0..<3).map { candidate("p", $0) }
        let result = try build(
            candidates,
            [judgement(candidates[0], nil, nil), judgement(candidates[1], 2), judgement(candidates[2], 4, nil)])
        #expect(result.pairs.map(\.rejectedID) == [candidates[1].id])
        #expect(result.pairs.map(\.chosenID) == [candidates[2].id])
    }

    @Test("fewer than two scored responses give no pair, and nothing stands in for the missing one (NeMo branch)")
    func tooFewScored() throws {
        let candidates = (0..<3).map { candidate("p", $0) }
        let result = try build(candidates, [judgement(candidates[0], 5), judgement(candidates[1], nil)])
        #expect(result.pairs.isEmpty)
        #expect(result.ledger.map(\.reason) == ["too-few-scored"])
        #expect(result.ledger.map(\.detail) == ["1 of 3 candidates have a response and a score"])
    }

    @Test("a candidate that was ended before it had any text is neither chosen nor rejected; an empty answer may be")
    func missingResponse() throws {
        let candidates = [
            candidate("p", 0), candidate("p", 1, "", finish: .doesNotFit), candidate("p", 2, " \n", finish: .length),
            candidate("p", 3, ""),
        ]
        let judgements = zip(candidates, [5.0, 0, 1, 2]).map { judgement($0, $1) }
        #expect(try build(candidates, judgements).pairs.map(\.rejectedID) == [candidates[3].id])
        let few = try build(Array(candidates.prefix(3)), Array(judgements.prefix(3)))
        #expect(few.ledger.map(\.detail) == ["1 of 3 candidates have a response and a score"])
    }

    @Test("a pair says of both responses whether they were cut off")
    func finish() throws {
        let both = [candidate("p", 0, finish: .length), candidate("p", 1)]
        let pair = try #require(try build(both, [judgement(both[0], 1), judgement(both[1], 5)]).pairs.first)
        #expect(pair.chosenFinish == .stop && pair.rejectedFinish == .length)
    }

    @Test("identical texts are no pair")
    func identicalTexts() throws {
        let both = [candidate("p", 0, "same"), candidate("p", 1, "same")]
        let result = try build(both, [judgement(both[0], 1), judgement(both[1], 5)])
        #expect(result.pairs.isEmpty && result.ledger.map(\.reason) == ["identical-texts"])
    }

    @Test("within a tied group the tie-break decides")
    func tieBreaks() throws {
        let candidates = (0..<4).map { candidate("p", $0) }
        let judgements = [
            judgement(candidates[0], 3, 5), judgement(candidates[1], 4, 4), judgement(candidates[2], 4, 4),
            judgement(candidates[3], 1),
        ]
        let first = try build(candidates, judgements, tieBreak: .first)
        #expect(first.pairs.map(\.chosenID) == [candidates[0].id])
        let steady = try build(candidates, judgements, tieBreak: .lowestVariance)
        #expect(steady.pairs.map(\.chosenID) == [candidates[1].id])
        let seeded = try build(candidates, judgements, tieBreak: .seeded)
        #expect(seeded.pairs == (try build(candidates, judgements, tieBreak: .seeded)).pairs)
        #expect(candidates.prefix(3).map(\.id).contains(seeded.pairs[0].chosenID))
    }

    @Test("the seeded tie-break can choose any of a tied group (Online-RLHF's picks the first or the second)")
    func seededReachesAll() throws {
        var chosen: Set<Int> = [], rejected: Set<Int> = []
        for prompt in 0..<64 {
            let candidates = (0..<8).map { candidate("p\(prompt)", $0) }
            let result = try build(
                candidates, candidates.map { judgement($0, $0.index < 4 ? 5 : 2) }, tieBreak: .seeded)
            let pair = try #require(result.pairs.first)
            chosen.formUnion(candidates.filter { $0.id == pair.chosenID }.map(\.index))
            rejected.formUnion(candidates.filter { $0.id == pair.rejectedID }.map(\.index))
        }
        // Each of four is missed by 64 even draws with a probability of 4·(3/4)⁶⁴ < 1e-7; the draws are fixed.
        #expect(chosen == [0, 1, 2, 3] && rejected == [4, 5, 6, 7])
    }

    @Test("a candidate judged twice is an error")
    func judgedTwice() {
        let one = candidate("p", 0)
        #expect(throws: StageError.duplicateJudgement(candidate: one.id)) {
            try build([one], [judgement(one, 1), judgement(one, 2)])
        }
    }

    @Test("no candidates give no pairs")
    func empty() throws {
        let result = try build([], [])
        #expect(result.pairs.isEmpty && result.ledger.isEmpty)
    }
}
