import Stages
import TestSupport
import Testing

extension VerdictParser {
    fileprivate func parse(_ reply: String) -> Verdict { parse(reply, finish: .stop) }
}

@Suite("Reading the score from a judge's reply")
struct VerdictParserTests {
    let parser = VerdictParser()

    @Test(
        "accepted forms of the score line",
        arguments: [
            ("Score: 4", 4), ("It is fine.\n\nScore: 3", 3), ("score:2", 2), ("SCORE : 1", 1), ("Score: 0", 0),
            ("Score: **4**", 4), ("**Score:** 4", 4), ("**Score: 4**", 4), ("__Score__: `4`", 4), ("### Score: 5", 5),
            ("Score: 4/5", 4), ("Score: 4 / 5.", 4), ("Score: **4**/5", 4), ("Score: 4 out of 5", 4),
            ("Score: <4>", 4),
            ("Score: 4.", 4), ("Score: 4.5", 4.5), ("Score: 3.25/5", 3.25), ("Score: 4 points", 4),
            ("Total score: 3", 3),
            ("Score:\n3", 3), ("Score: \"2\"", 2), ("Score: 5\u{2014}excellent", 5), ("Score: 4 - well done", 4),
            ("Score: 5.0", 5), ("Score: 3\n\n```\n---\n", 3),
        ] as [(String, Double)])
    func accepts(reply: String, score: Double) {
        #expect(parser.parse(reply) == .scored(score))
    }

    @Test(
        "refused forms, with the reason",
        arguments: [
            ("", .noScore), ("A fine answer.", .noScore), ("Score:", .noScore), ("Score: four", .noScore),
            ("The score is 4", .noScore), ("Score: .5", .noScore),
            ("Score: 10", .outOfRange), ("Score: 5.01", .outOfRange), ("Score: -1", .outOfRange),
            ("Score: 55", .outOfRange),
            ("Score: 99999999999999999999999999", .outOfRange),
            ("Score: 8/10", .otherScale), ("Score: 4/10", .otherScale), ("Score: 80%", .otherScale),
            ("Score: 4 out of 10", .otherScale), ("Score: 3 out of ten", .otherScale),
            ("Score: 4-5", .malformedNumber), ("Score: 4 \u{2013} 5", .malformedNumber),
            ("Score: 4 or 5", .malformedNumber),
            ("Score: 3,5", .malformedNumber), ("Score: 1 + 1 + 1", .malformedNumber), ("Score: +1", .malformedNumber),
            ("Score: 4th", .malformedNumber), ("Score: 1.2.3", .malformedNumber), ("Score: 1e0", .malformedNumber),
        ] as [(String, UnparsableReason)])
    func refuses(reply: String, reason: UnparsableReason) {
        #expect(parser.parse(reply) == .unparsable(reason))
    }

    @Test("the last score counts, and an unusable last score is not replaced by an earlier one")
    func lastMatchCounts() {
        #expect(parser.parse("Relevance score: 1\nScore: 2\nScore: 4") == .scored(4))
        #expect(parser.parse("Total score: 3 at first, but then Score: 5") == .scored(5))
        #expect(parser.parse("Score: 4\nScore: 10") == .unparsable(.outOfRange))
    }

    @Test(
        "a last score without a number is not replaced by an earlier one, unless it only speaks of the score",
        arguments: [
            ("Relevance score: 1\nScore: four", nil), ("Score: 2\nScore: <total points>", nil),
            ("Score: 2\n**Total Score:**", nil), ("Score: 2, for now. The final score: none.", nil),
            ("Score: 2\nI would give it a score:", nil), ("Score: 2\n- Score: high", nil),
            ("Score: 2\n\u{2022} Score: high", nil), ("Score: 1\n\u{2705} Score: N/A", nil),
            ("Score: 2\nThe reason for this score: it is short.", 2), ("Score: 2\nRelevance score: high", 2),
        ] as [(String, Double?)])
    func lastWithoutNumber(reply: String, score: Double?) {
        #expect(parser.parse(reply) == (score.map { .scored($0) } ?? .unparsable(.noScore)))
    }

    @Test(
        "a reply that was cut off has no verdict: whatever it holds, it could have gone on to another",
        arguments: [
            "", "It is", "Fine.\n\nScore:", "Score: 4", "**Score: 4**", "Fine.\nScore: 4/5\n", "Score: 4, because it",
            "Relevance\nScore: 1\n\nCoverage", "Score: 8/10\nThe", "Score: 4\nIt is.\nIt was.",
        ])
    func cutOff(reply: String) {
        #expect(parser.parse(reply, finish: .length) == .unparsable(.cutOff))
    }

    @Test("there is no verdict where the judge prompt did not fit")
    func doesNotFit() {
        #expect(parser.parse("", finish: .doesNotFit) == .unparsable(.doesNotFit))
    }

    @Test(
        "the justification is the reply without its score, and of a cut-off reply without what follows it",
        arguments: [
            ("Good.\n\nScore: 4\n", .stop, "Good."), ("Score: 4\nGood.", .stop, "Good."),
            ("Good.\nScore: 4\nAs I said.", .stop, "Good.\nAs I said."), ("  \n", .stop, ""),
            ("Good. The total score: 4", .stop, "Good."), ("Good.\nScore: four", .stop, "Good."),
            (" Good. \n", .stop, "Good."), ("Good.\nScore: 4\nAs I", .length, "Good."),
            ("Score: 4\nAs I", .length, ""), (" As I", .length, "As I"),
            ("Relevance score: 1. It", .length, "Relevance score: 1. It"),
            ("Score: The reply covers the question.", .stop, "The reply covers the question."),
        ] as [(String, Finish, String)])
    func justification(reply: String, finish: Finish, expected: String) {
        #expect(parser.justification(in: reply, finish: finish) == expected)
    }

    @Test("a score followed by more than one line of words is not a conclusion")
    func intermediateScore() {
        #expect(parser.parse("Score: 4\n\nBecause it is good.") == .scored(4))
        #expect(parser.parse("Relevance score: 1\nIt is on topic.\nCoverage is next") == .unparsable(.notAtEnd))
        #expect(parser.parse("Score: 4\n\u{2014}\n\u{2705}\n") == .scored(4), "signs are no words")
        var strict = VerdictParser()
        strict.trailingLines = 0
        #expect(strict.parse("Score: 4\n\nBecause it is good.") == .unparsable(.notAtEnd))
        #expect(strict.parse("Good.\nScore: 4\n\n***\n") == .scored(4))
    }
}

@Suite("Defects of other systems' verdict parsers")
struct VerdictParserDefectTests {
    let parser = VerdictParser()

    @Test("lucidrains: a reply that begins with the score is read, and no match crashes")
    func lucidrains() {
        #expect(parser.parse("Score: 3\nIt answers the question.") == .scored(3))
        #expect(parser.parse("\nScore: 4.5") == .scored(4.5))
        #expect(parser.parse("\nScore: ...") == .unparsable(.noScore))
    }

    @Test(
        "Oxen, schauppi: decimals are kept, 10 is not 1, markdown and missing spaces are read, the last score counts")
    func oxen() {
        #expect(parser.parse("Score: 4.5") == .scored(4.5))
        #expect(parser.parse("Score: 10") == .unparsable(.outOfRange))
        #expect(parser.parse("Total score: 3 for a start. Score: 5") == .scored(5))
        #expect(parser.parse("Score: 2, no. Score: 4") == .scored(4))
        for reply in ["Score: **4**", "**Score:** 4", "Score:4"] { #expect(parser.parse(reply) == .scored(4)) }
    }

    @Test("AndrisWillow: a reply cut off before its score is unparsable")
    func andrisWillow() {
        #expect(
            parser.parse("The response is relevant and covers the question. I would give it a Score")
                == .unparsable(.noScore))
    }

    @Test("NeMo-Aligner: intermediate sub-scores are passed over, a double full stop does no harm")
    func nemo() {
        #expect(parser.parse("Score: 1 for relevance. Score: 1 for coverage.\nScore: 2") == .scored(2))
        #expect(parser.parse("Score: 4..") == .scored(4))
    }

    @Test("Humpback: the score need not be the very last thing, /5 and a full stop may follow")
    func humpback() {
        #expect(parser.parse("Score: 4/5") == .scored(4))
        #expect(parser.parse("Score: 4.") == .scored(4))
        #expect(parser.parse("Fine.\nScore: 4\n") == .scored(4))
    }

    @Test("FastChat: citations like [1] are not scores; RewardBench: nor is a number at the end of the text")
    func citations() {
        #expect(parser.parse("As [1] says, see [5]") == .unparsable(.noScore))
        #expect(parser.parse("I would rate it 7.5") == .unparsable(.noScore))
    }

    @Test("failures are a third state: they enter neither the mean nor the count")
    func failuresAreNotScores() {
        let summary = VerdictSummary([.scored(2), .unparsable(.noScore), .scored(5)])
        // mean (2 + 5)/2; variance ((−1.5)² + 1.5²)/2
        #expect(summary.parsed == 2 && summary.score == 3.5 && summary.variance == 2.25)
        let none = VerdictSummary([.unparsable(.noScore), .unparsable(.outOfRange)])
        #expect(none.parsed == 0 && none.score == nil && none.variance == nil)
        #expect(VerdictSummary([.scored(4)]).variance == 0)
    }
}

@Suite("Real judge outputs", .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
struct RealVerdictTests {
    private struct Row: Decodable {
        let response: String
        let score: Double
    }

    @Test("the 981 outputs of a 7B judge: how many parse, and where the first-match rule of their makers differs")
    func judgeOutputs() throws {
        let rows = try ["accepted", "rejected"].flatMap {
            try JSONLines.read("judge-outputs-fig2/\($0).jsonl", as: Row.self)
        }
        #expect(rows.count == 981)
        var counts: [String: Int] = [:]
        for row in rows {
            switch VerdictParser().parse(row.response) {
            case .scored(row.score): counts["same", default: 0] += 1
            case .scored: counts["other", default: 0] += 1
            case .unparsable(let reason): counts[reason.rawValue, default: 0] += 1
            }
        }
        // 6 differ because the last score counts, or a decimal is kept; 133 state a score and go on for two lines or
        // more; 2 end with a 'Score:' that has no number.
        #expect(counts == ["same": 839, "other": 6, "not-at-end": 133, "other-scale": 1, "no-score": 2])
    }
}
