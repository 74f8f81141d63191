import Foundation
import Stages
import TestSupport
import Testing

private func message(
    _ id: String, _ text: String = "text", role: String = "assistant", parent: String? = "p",
    language: String? = "en",
    deleted: Bool = false, synthetic: Bool = false, reviewed: Bool? = true, rank: Int? = nil
) -> String {
    func quoted(_ text: String?) -> String { text.map { "\"\($0)\"" } ?? "null" }
    return """
        {"message_id":"\(id)","message_tree_id":"p","parent_id":\(quoted(parent)),"text":"\(text)","role":"\(role)",\
        "lang":\(quoted(language)),"deleted":\(deleted),"synthetic":\(synthetic),\
        "review_result":\(reviewed.map(String.init) ?? "null"),"rank":\(rank.map(String.init) ?? "null"),\
        "tree_state":"ready_for_export"}
        """
}

private func select(_ rows: String..., selection: SeedSelection = SeedSelection()) throws -> SeedSelection.Outcome {
    var collector = ConversationCollector()
    try withTemporaryFile(rows.joined(separator: "\n")) {
        try SeedFileReader.read($0, name: "f", into: &collector)
    }
    return selection.select(try #require(collector.finish().first))
}

private func reason(_ outcome: SeedSelection.Outcome) -> SeedSelection.Reason? {
    if case .dropped(let reason, _) = outcome { reason } else { nil }
}

@Suite("Choosing seed trees")
struct SeedSelectionTests {
    let prompt = message("p", "Why?", role: "prompter", parent: nil)

    @Test("ranked replies come best first, and the one with rank 0 is the example")
    func ranked() throws {
        let outcome = try select(
            prompt, message("a", "worse", rank: 2), message("b", "best", rank: 0), message("c", "unranked"))
        guard case .selected(let tree) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(tree.best == "best" && tree.ranked.map(\.text) == ["best", "worse"])
    }

    @Test("deleted, synthetic, foreign and badly reviewed replies do not count")
    func unusableReplies() throws {
        let outcome = try select(
            prompt, message("a", deleted: true, rank: 0), message("b", synthetic: true, rank: 1),
            message("c", language: "de", rank: 2), message("d", reviewed: false, rank: 3), message("e", "  ", rank: 4)
        )
        #expect(reason(outcome) == .noUsableReply)
    }

    @Test("a single reply with rank 0 is an example but no ranking; one with rank 1 is neither")
    func singleReply() throws {
        guard case .selected(let tree) = try select(prompt, message("a", "only", rank: 0)) else {
            Issue.record("not selected")
            return
        }
        #expect(tree.best == "only" && tree.ranked.isEmpty)
        #expect(reason(try select(prompt, message("a", rank: 1))) == .noUsableReply)
        #expect(reason(try select(prompt, message("a"))) == .noUsableReply)
    }

    @Test("prompts are dropped for the same reasons; a missing review is tolerated, since the flat form may lack it")
    func prompts() throws {
        let reply = message("a", rank: 0)
        func prompt(_ row: String) throws -> SeedSelection.Reason? { reason(try select(row, reply)) }
        #expect(try prompt(message("p", role: "prompter", parent: nil, language: "de")) == .language)
        #expect(try prompt(message("p", role: "prompter", parent: nil, language: nil)) == .language)
        #expect(try prompt(message("p", role: "prompter", parent: nil, deleted: true)) == .deleted)
        #expect(try prompt(message("p", role: "prompter", parent: nil, synthetic: true)) == .synthetic)
        #expect(try prompt(message("p", role: "prompter", parent: nil, reviewed: false)) == .failedReview)
        #expect(try prompt(message("p", role: "prompter", parent: nil, reviewed: nil)) == nil)
        #expect(try prompt(message("p", role: "assistant", parent: nil)) == .notAPrompt)
        var lenient = SeedSelection()
        lenient.keepsSynthetic = true
        let synthetic = try select(
            message("p", role: "prompter", parent: nil, synthetic: true), message("a", synthetic: true, rank: 0),
            selection: lenient)
        #expect(reason(synthetic) == nil)
    }
}

@Suite("Dealing trees out")
struct SeedSplitTests {
    /// A tree with a ranking, or with one reply only.
    private func tree(_ id: Int, ranked: Bool) -> String {
        let replies =
            ranked
            ? #"{"message_id":"\#(id)a","text":"good","role":"assistant","lang":"en","rank":0},{"message_id":"\#(id)b","text":"bad","role":"assistant","lang":"en","rank":1}"#
            : #"{"message_id":"\#(id)a","text":"good","role":"assistant","lang":"en","rank":0}"#
        return
            #"{"message_tree_id":"t\#(id)","prompt":{"message_id":"\#(id)","text":"Q\#(id)","role":"prompter","lang":"en","replies":[\#(replies)]}}"#
    }

    private func prepare(
        _ rows: [String], _ instruction: SplitSize, _ training: SplitSize, _ evaluation: SplitSize,
        validation: SplitSize = .count(0), test: SplitSize = .count(0)
    ) throws -> SeedPreparation.Result {
        var collector = ConversationCollector()
        try withTemporaryFile(rows.joined(separator: "\n")) {
            try SeedFileReader.read($0, name: "f", into: &collector)
        }
        let split = SeedSplit(
            instruction: instruction, training: training, evaluation: evaluation, validation: validation, test: test
        ) { id in
            id.utf8.reduce(7) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        }
        return try SeedPreparation(selection: SeedSelection(), split: split).prepare(collector)
    }

    @Test("the parts share no tree, have the sizes asked for, and every tree is in the ledger")
    func disjoint() throws {
        let rows = (0..<40).map { tree($0, ranked: $0.isMultiple(of: 2)) }
        let result = try prepare(rows, .rest, .percent(50), .count(4))
        #expect(result.evaluationRankings.count == 4)
        #expect(result.trainingRankings.count == 10)  // half of the 20 with a ranking
        #expect(result.examples.count == 26)
        let trees = result.examples.map(\.tree) + (result.trainingRankings + result.evaluationRankings).map(\.tree)
        #expect(Set(trees).count == 40 && Set(result.ledger.map(\.item)) == Set(trees) && result.ledger.count == 40)
    }

    @Test("all five parts share no tree, and what is held out does not move when training parts change their size")
    func fiveParts() throws {
        let rows = (0..<40).map { tree($0, ranked: $0.isMultiple(of: 2)) }
        func parts(_ training: SplitSize) throws -> (held: [[String]], trained: [String]) {
            let result = try prepare(rows, .rest, training, .count(4), validation: .count(5), test: .percent(20))
            let held = [
                result.evaluationRankings.map(\.tree), result.validation.map(\.tree), result.test.map(\.tree),
            ]
            return (held, result.examples.map(\.tree) + result.trainingRankings.map(\.tree))
        }
        let first = try parts(.count(6)), second = try parts(.count(2))
        #expect(first.held.map(\.count) == [4, 5, 8])
        #expect(first.held == second.held)
        let all = first.held.flatMap { $0 } + first.trained
        #expect(all.count == 40 && Set(all).count == 40)
    }

    @Test(
        "the order of the file changes the order of rows, not who is where; other sizes leave the held-out set alone")
    func stable() throws {
        let rows = (0..<40).map { tree($0, ranked: true) }
        let forward = try prepare(rows, .rest, .count(10), .count(8))
        let backward = try prepare(rows.reversed(), .count(3), .count(20), .count(8))
        #expect(Set(forward.evaluationRankings.map(\.tree)) == Set(backward.evaluationRankings.map(\.tree)))
        #expect(forward.evaluationRankings.map(\.tree) != backward.evaluationRankings.map(\.tree))
        #expect(FilterReport(backward.ledger).dropped == ["not-drawn": 9])
    }

    @Test("asking for more than there is, and for rankings where there are none, are errors with a remedy")
    func errors() {
        let rows = (0..<4).map { tree($0, ranked: $0 < 2) }
        #expect(throws: StageError.splitTooLarge(part: "rankings-train", size: "2", available: 1)) {
            try prepare(rows, .rest, .count(2), .count(1))
        }
        #expect(throws: StageError.noRankedPrompts(part: "rankings-eval")) {
            try prepare([tree(1, ranked: false)], .rest, .percent(30), .percent(10))
        }
        #expect(throws: Never.self) { try prepare([tree(1, ranked: false)], .rest, .count(0), .count(0)) }
    }

    @Test("a prompt that two trees share counts once, so that it cannot be on both sides of the split")
    func repeatedPrompt() throws {
        let rows = [tree(1, ranked: true), tree(2, ranked: true).replacingOccurrences(of: "Q2", with: "  q1 ")]
        let result = try prepare(rows, .rest, .count(0), .count(0))
        #expect(result.examples.map(\.tree) == ["t1"])
        #expect(FilterReport(result.ledger).dropped == ["duplicate-prompt": 1])
    }

    @Test(
        "sizes are written as a count, a share or the rest", arguments: ["120", "15%", "2.5%", "rest", "0", "100%"])
    func sizes(text: String) {
        #expect(SplitSize(text)?.text == text)
    }

    @Test("other sizes are refused", arguments: ["-1", "101%", "-5%", "all", "1.5", "", "%", "nan%"])
    func badSizes(text: String) {
        #expect(SplitSize(text) == nil)
    }
}

@Suite("Evaluation examples")
struct EvaluationExampleTests {
    let rows = """
        {"instruction":"Why is the sky blue?","response":"Because.","justification":"Says nothing.","score":0}
        {"instruction":"Name a fruit.","response":"An apple.","justification":"Right and short.","score":5}
        {"instruction":"Name a fruit.","response":"An apple.","justification":"Right and short.","score":5}
        """

    @Test("rows are filled into the template; held-out instructions and repeats are dropped, with an entry each")
    func rowsAndLedger() throws {
        let examples = try withTemporaryFile(rows) { try EvaluationExampleReader.read($0, name: "e") }
        let template = try JudgeTemplate("I: {instruction} R: {response}", name: "rubric")
        let result = EvaluationExampleReader.select(
            examples, template: template, heldOut: ["why is  the SKY blue?"])
        #expect(result.rows.map(\.input) == ["I: Name a fruit. R: An apple."])
        #expect(result.rows.map(\.target) == ["Right and short.\n\nScore: 5"])
        #expect(result.rows.map(\.origin) == [.seed])
        #expect(result.ledger.map(\.reason) == ["held-out", "kept", "duplicate"])
        #expect(result.ledger.map(\.detail) == ["e:1", "e:2", "e:3"])
    }

    @Test("an instruction that resembles a held-out one is counted, or dropped where such are")
    func nearDuplicates() throws {
        let examples = try withTemporaryFile(rows) { try EvaluationExampleReader.read($0, name: "e") }
        let template = try JudgeTemplate("I: {instruction} R: {response}", name: "rubric")
        // Three of three and four words are common: 2 · 3 / 7 is over 0.7.
        func select(_ choice: NearDuplicates) -> EvaluationExampleReader.Selection {
            EvaluationExampleReader.select(
                examples, template: template, heldOut: ["Name a sweet fruit"], nearDuplicates: choice)
        }
        #expect(select(.report).ledger.map(\.reason) == ["kept", "kept", "duplicate"])
        #expect(select(.report).resemblingHeldOut == 1)
        #expect(select(.drop).ledger.map(\.reason) == ["kept", "near-held-out", "near-held-out"])
        #expect(select(.drop).rows.count == 1 && select(.drop).resemblingHeldOut == 0)
    }

    @Test(
        "a score off the scale, or missing, is an error with the line",
        arguments: ["6", "-1", "2.5", "null", "\"3\""])
    func badScores(score: String) throws {
        let row = "\n{\"instruction\":\"i\",\"response\":\"r\",\"justification\":\"j\",\"score\":\(score)}"
        let error = try #require(throws: StageError.self) {
            try withTemporaryFile(row) { try EvaluationExampleReader.read($0, name: "e") }
        }
        #expect("\(error)".hasPrefix("e:2: 'score' must be a whole number"), "\(error)")
    }
}

@Suite("Real conversation trees", .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
struct RealSeedTests {
    private func prepare(_ path: String, repeated: RepeatedTrees = .refuse) throws -> SeedPreparation.Result {
        var collector = ConversationCollector(repeated: repeated)
        try SeedFileReader.read(SharedData.url(path), name: path, into: &collector)
        let split = SeedSplit(instruction: .count(0), training: .rest, evaluation: .count(0)) { _ in 0 }
        return try SeedPreparation(selection: SeedSelection(), split: split).prepare(collector)
    }

    @Test("OASST1 validation, flat: 91 multi-ranked first turns; one tree without its prompt")
    func flat() throws {
        let result = try prepare("oasst1-en-validation/messages.jsonl")
        #expect(result.trainingRankings.count == 91 && result.ledger.count == 93)
        #expect(FilterReport(result.ledger).dropped == ["no-usable-reply": 1, "no-prompt": 1])
    }

    @Test("Open Assistant's 48 English trees: 46 multi-ranked first turns")
    func trees() throws {
        let result = try prepare("oasst-en100-trees/trees.jsonl")
        #expect(result.trainingRankings.count == 46 && result.ledger.count == 48)
        #expect(FilterReport(result.ledger).dropped == ["synthetic": 1, "no-usable-reply": 1])
    }

    @Test(
        "OASST2 in 32 languages: 20 English multi-ranked first turns; the 15 repeated trees are refused, or kept once"
    )
    func multilingual() throws {
        let path = "oasst2-multilingual-trees/trees.jsonl"
        #expect(throws: StageError.self) { try prepare(path) }
        let result = try prepare(path, repeated: .first)
        #expect(result.trainingRankings.count == 20 && result.ledger.count == 272)
        #expect(FilterReport(result.ledger).dropped["repeated"] == 15)
    }
}
