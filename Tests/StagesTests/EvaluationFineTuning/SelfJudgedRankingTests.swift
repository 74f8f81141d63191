import Model
import Stages
import TestSupport
import Testing

@Suite("Agreement of scores with human ranks")
struct RankAgreementTests {
    @Test(
        "strict wants every pair apart, no-inversion none the wrong way round",
        arguments: [
            ([5, 3, 1], true, true), ([5, 5, 1], false, true), ([5, 3, 3], false, true), ([3, 5, 1], false, false),
            ([4, 4, 4], false, false), ([1, 3, 5], false, false), ([4, 4, 5], false, false),
        ] as [([Int], Bool, Bool)])
    func agreement(scores: [Int], strict: Bool, noInversion: Bool) {
        let all = [0, 1, 2]
        #expect(RankAgreement.strict.agreeing(scores: scores, ranks: all) == (strict ? all : []))
        #expect(RankAgreement.noInversion.agreeing(scores: scores, ranks: all) == (noInversion ? all : []))
    }

    @Test("ranks need not be contiguous, and responses that people tied may score anything")
    func ranks() {
        #expect(RankAgreement.strict.agreeing(scores: [4, 1, 2], ranks: [3, 9, 9]) == [0, 1, 2])
        #expect(RankAgreement.strict.agreeing(scores: [4, 5], ranks: [9, 9]).isEmpty)
    }

    @Test(
        "pair by pair: whoever stands right to another is kept, whatever the rest say",
        arguments: [
            ([5, 3, 1], [0, 1, 2]), ([3, 5, 1], [0, 1, 2]), ([1, 5, 3], [1, 2]), ([1, 3, 5], []), ([4, 4, 4], []),
            ([5, nil, 1], [0, 2]), ([nil, nil, 1], []), ([4, 4, 1], [0, 1, 2]), ([2, 5, 1], [0, 1, 2]),
        ] as [([Int?], [Int])])
    func pairs(scores: [Int?], kept: [Int]) {
        #expect(RankAgreement.pairs.agreeing(scores: scores, ranks: [0, 1, 2]) == kept)
    }

    @Test("a response without a usable score fails an attempt that is looked at as a whole")
    func wholeAttempts() {
        for agreement in [RankAgreement.strict, .noInversion] {
            #expect(agreement.agreeing(scores: [5, nil, 1], ranks: [0, 1, 2]).isEmpty)
            #expect(agreement.agreeing(scores: [5, nil, 1], ranks: [0, 1, 1]).isEmpty)
        }
    }
}

@Suite("Self-judged examples")
struct SelfJudgedRankingTests {
    let ranking = Ranking(
        tree: "t", prompt: "Why?",
        responses: [.init(id: "a", text: "Because of x.", rank: 0), .init(id: "b", text: "No idea.", rank: 1)])

    private func filter(_ agreement: RankAgreement = .strict) throws -> SelfJudgedRankingFilter {
        SelfJudgedRankingFilter(
            agreement: agreement, template: try JudgeTemplate("{instruction}|{response}", name: "rubric"))
    }

    private func reply(_ text: String, finish: Finish = .stop, expected: Double? = nil) -> Judgement.Reply {
        .init(
            raw: text, finish: finish, verdict: VerdictParser().parse(text, finish: finish), expected: expected)
    }

    private func attempt(_ replies: Judgement.Reply..., agreement: RankAgreement = .strict) throws
        -> SelfJudgedRankingFilter.Attempt
    {
        try filter(agreement).attempt(ranking, replies: replies)
    }

    @Test("agreeing judgements become examples, with the justification before the score")
    func accepted() throws {
        guard
            case .accepted(let examples, _) = try attempt(
                reply("It answers well.\n\n**Final Score: 5/5**"), reply("Score: 1\n\nIt says nothing."))
        else {
            Issue.record("rejected")
            return
        }
        #expect(examples.map(\.target) == ["It answers well.\n\nScore: 5", "It says nothing.\n\nScore: 1"])
        #expect(examples.map(\.input) == ["Why?|Because of x.", "Why?|No idea."])
        #expect(examples.allSatisfy { $0.origin == .selfJudged })
    }

    @Test("rejected, with the reason")
    func rejected() throws {
        func reason(_ first: String, _ second: String) throws -> SelfJudgedRankingFilter.Reason? {
            if case .rejected(let reason, _) = try attempt(reply(first), reply(second)) { reason } else { nil }
        }
        #expect(try reason("Good. Score: 5", "Bad.") == .unparsable)
        #expect(try reason("Good. Score: 4.5", "Bad. Score: 1") == .fractionalScore)
        #expect(try reason("Score: 5", "Bad. Score: 1") == .noJustification)
        #expect(try reason("Good. Score: 1", "Bad. Score: 5") == .disagrees)
        #expect(try reason("Good. Score: 4", "Bad. Score: 4") == .disagrees)
    }

    @Test("pair by pair, a reply that cannot be used takes only itself out")
    func byPairs() throws {
        let ranking = Ranking(
            tree: "t", prompt: "Why?",
            responses: ["a", "b", "c"].enumerated().map { .init(id: $1, text: "Answer \($1).", rank: $0) })
        let replies = [reply("Good. Score: 4"), reply("Torn. Sc", finish: .length), reply("Poor. Score: 1")]
        let attempt = try filter(.pairs).attempt(ranking, replies: replies)
        guard case .accepted(let examples, let leftOut) = attempt else {
            Issue.record("rejected")
            return
        }
        #expect(leftOut == ["b": .cutOff])
        let settled = try filter(.pairs).settle(ranking, attempts: [attempt])
        #expect(settled.leftOut.map(\.item) == ["b"] && settled.leftOut.map(\.reason) == ["cut-off"])
        #expect(examples.map(\.response) == ["Answer a.", "Answer c."] && examples.map(\.score) == [4, 1])
        #expect(
            try filter(.strict).attempt(ranking, replies: replies) == .rejected(.cutOff, scores: [4, nil, 1]))
        let none = [reply("Good. Score: 1"), reply("No score."), reply("Poor. Score: 1")]
        #expect(try filter(.pairs).attempt(ranking, replies: none) == .rejected(.unparsable, scores: [1, nil, 1]))
    }

    @Test("an expected score is rounded into the target, and must still agree then")
    func expected() throws {
        guard
            case .accepted(let examples, _) = try attempt(reply("Good.", expected: 3.6), reply("Bad.", expected: 1.2))
        else {
            Issue.record("rejected")
            return
        }
        #expect(examples.map(\.target) == ["Good.\n\nScore: 4", "Bad.\n\nScore: 1"])
        #expect(
            try attempt(reply("Good.", expected: 3.4), reply("Bad.", expected: 2.6))
                == .rejected(.disagrees, scores: [3.4, 2.6]))
    }

    @Test("a reply without words, or cut off, is no target, whatever its score")
    func tornReplies() throws {
        func reason(_ first: Judgement.Reply) throws -> SelfJudgedRankingFilter.Reason? {
            guard case .rejected(let reason, _) = try attempt(first, reply("Bad.", expected: 1)) else { return nil }
            return reason
        }
        #expect(try reason(reply("", expected: 4)) == .noJustification)
        #expect(try reason(reply(" \n\t", expected: 4)) == .noJustification)
        #expect(try reason(reply("It is a goo", finish: .length, expected: 4)) == .cutOff)
        #expect(try reason(reply("It is a goo", finish: .length)) == .cutOff)
        #expect(try reason(reply("Relevance score: 1. It", finish: .length, expected: 4)) == .cutOff)
        #expect(try reason(reply("It is good.\nScore: 4\nAnd so", finish: .length)) == .cutOff)
    }

    @Test("the first agreeing attempt counts, and the ledger says which")
    func settle() throws {
        let filter = try filter()
        let bad = try attempt(reply("Good. Score: 1"), reply("Bad. Score: 5"))
        let good = try attempt(reply("Good. Score: 5"), reply("Bad. Score: 1"))
        let kept = filter.settle(ranking, attempts: [bad, good])
        #expect(kept.examples.count == 2 && kept.entry.decision == .kept && kept.entry.detail == "attempt 2: 5 1")
        let dropped = filter.settle(ranking, attempts: [bad])
        #expect(dropped.examples.isEmpty && dropped.entry.reason == "disagrees")
        #expect(dropped.entry.detail == "attempt 1 disagrees: 1.0 5.0")
        #expect(filter.settle(ranking, attempts: []).entry.reason == "not-judged")
    }
}

@Suite("Thinning the commonest score")
struct ScoreThinningTests {
    private func examples(_ scores: [Int]) -> [JudgeExample] {
        scores.enumerated().map { index, score in
            JudgeExample(
                instruction: "i\(index)", response: "r", input: "x\(index)", justification: "j", score: score,
                origin: .selfJudged)
        }
    }

    private func histogram(_ scores: [Int], share: Double) -> [Int: Int] {
        var generator = Philox(key: 1)
        let result = ScoreThinning(maximumShare: share).thin(examples(scores), generator: &generator)
        #expect(
            result.ledger.count == scores.count && result.kept.count == result.ledger.count { $0.decision == .kept })
        return Dictionary(grouping: result.kept, by: \.score).mapValues(\.count)
    }

    @Test("the commonest score is cut to its share of what is kept, the others are untouched")
    func thins() {
        // 60 fours besides 40 others; k/(k + 40) ≤ 0.4 gives k = 26.
        let scores = Array(repeating: 4, count: 60) + Array(repeating: 3, count: 20) + Array(repeating: 1, count: 20)
        #expect(histogram(scores, share: 0.4) == [4: 26, 3: 20, 1: 20])
        #expect(histogram(scores, share: 1) == [4: 60, 3: 20, 1: 20])
    }

    @Test("never below the second commonest, and not at all when there is one score or a draw")
    func limits() {
        #expect(histogram([4, 4, 4, 4, 3, 3, 3], share: 0.1) == [4: 3, 3: 3])
        #expect(histogram([4, 4, 4], share: 0.1) == [4: 3])
        #expect(histogram([4, 4, 3, 3], share: 0.1) == [4: 2, 3: 2])
        #expect(histogram([], share: 0.5) == [:])
    }

    @Test(
        "real accepted judgements, skewed to 4: the share comes down to the limit",
        .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
    func real() throws {
        struct Row: Decodable { let score: Double }
        let scores = try JSONLines.read("judge-outputs-fig2/accepted.jsonl", as: Row.self).map { Int($0.score) }
        let fours = scores.count { $0 == 4 }
        #expect(scores.count == 583 && fours * 2 > scores.count)
        let kept = histogram(scores, share: 0.35)
        let total = kept.values.reduce(0, +), others = scores.count - fours
        #expect(total - (kept[4] ?? 0) == others)
        // The most fours whose share of the whole is at most 0.35.
        let most = (0...fours).last { Double($0) <= 0.35 * Double($0 + others) }
        #expect(kept[4] == most)
    }
}
