import Artifacts
import Pipeline
import Stages
import Testing

@Suite("Seed prompts that resemble each other")
struct PromptResemblanceTests {
    /// A row with a best reply, and a ranking where it is asked for.
    private func row(_ prompt: String, ranked: Bool = false) -> String {
        ranked
            ? #"{"prompt":"\#(prompt)","chosen":"Good.","rejected":"Bad."}"#
            : #"{"prompt":"\#(prompt)","response":"Good."}"#
    }

    private func prepare(
        _ harness: StageHarness, _ rows: [String], _ change: (inout PrepareSeedsStage.Parameters) -> Void
    ) async throws -> StageOutputs {
        try await harness.run(
            PrepareSeedsStage.self, ["trees": [try harness.blob(rows.joined(separator: "\n"))]], change)
    }

    /// Of seed prompts: those of hand-judged examples are tested where these are read.
    private func counts(_ outputs: StageOutputs) throws -> [String: Int] {
        let members = try #require(outputs.summary["duplicates"]?.objectValue)
        return members.filter { $0.key != "judge_examples_near_held_out" }.compactMapValues {
            $0.integerValue.map { Int($0) }
        }
    }

    /// Ten words, of which the last are `changed`: ROUGE-L of two such is (10 − changes) / 10.
    private func prompt(_ changed: String...) -> String {
        let words = ["name", "the", "long", "rivers", "that", "flow", "to", "the", "northern", "sea"]
        return (words.dropLast(changed.count) + changed).joined(separator: " ")
    }

    @Test("from seven words of ten in common on; both of two count, and the same in other case is dropped before")
    func within() async throws {
        let harness = try StageHarness()
        let rows = [prompt(), prompt("a", "b", "c"), prompt("d", "e", "f", "g"), "  " + prompt().uppercased()]
        let outputs = try await prepare(harness, rows.map { row($0) }) {
            ($0.rankingsTrain, $0.rankingsEval) = (.count(0), .count(0))
        }
        #expect(
            try counts(outputs) == [
                "exact_dropped": 1, "near_dropped": 0, "near": 2, "near_across_parts": 0, "near_leaked": 0,
            ])
        #expect(try harness.rows(outputs, "examples", as: SeedExample.self).count == 3)
        #expect(harness.warnings.isEmpty)
    }

    @Test("prompts that are evaluated on and resemble one that is trained on are counted and warned of")
    func leaks() async throws {
        let harness = try StageHarness()
        // The only ranked one is held out; the other two are learned from.
        let rows = [row(prompt(), ranked: true), row(prompt("a", "b")), row("Why is the sky blue?")]
        let outputs = try await prepare(harness, rows) {
            ($0.rankingsTrain, $0.rankingsEval) = (.count(0), .count(1))
        }
        #expect(
            try counts(outputs) == [
                "exact_dropped": 0, "near_dropped": 0, "near": 2, "near_across_parts": 2, "near_leaked": 1,
            ])
        let held = try harness.rows(outputs, "rankings-eval", as: Ranking.self)
        let learned = try harness.rows(outputs, "examples", as: SeedExample.self)
        #expect(
            harness.warnings == [
                "1 of 1 prompts that are evaluated on resemble one that is trained on (ROUGE-L of 0.7 or more), most "
                    + "of all tree '\(held[0].tree)' tree '\(learned[0].tree)' (0.80); 'near_duplicates: drop' keeps "
                    + "the first of such prompts alone"
            ])
    }

    @Test("two parts that are held out leak nothing to each other, and a tree that no part took does not count")
    func heldOutParts() async throws {
        let harness = try StageHarness()
        let rows = [prompt(), prompt("a")].map { row($0) } + [row("Why is the sky blue?")]
        var crossed = false
        for size in [1, 2] {
            let outputs = try await prepare(harness, rows) {
                ($0.ift, $0.rankingsTrain, $0.rankingsEval) = (.count(0), .count(0), .count(0))
                ($0.validation, $0.test) = (.count(1), .count(size))
            }
            let found = try counts(outputs)
            let drawn = try ["validation", "test"].map { part in
                try harness.rows(outputs, part, as: SeedExample.self).map(\.prompt)
            }
            let isNear = drawn.map { $0.contains(prompt()) || $0.contains(prompt("a")) }
            let both = drawn.flatMap { $0 }.filter { $0.hasPrefix("name") }.count == 2
            let across = both && isNear == [true, true]
            #expect(found["near"] == (both ? 2 : 0) && found["near_across_parts"] == (across ? 2 : 0))
            #expect(found["near_leaked"] == 0)
            crossed = crossed || both
        }
        // With three trees in three places both of the two are drawn.
        #expect(crossed && harness.warnings.isEmpty)
    }

    @Test("'drop' keeps the first in the order of the files, and the ledger names it and how near it is")
    func drop() async throws {
        let harness = try StageHarness()
        let rows = [prompt(), prompt("a", "b"), "Why is the sky blue?", prompt("a", "b", "c", "d")]
        func run(_ choice: NearDuplicates, _ rows: [String]) async throws -> StageOutputs {
            try await prepare(harness, rows.map { row($0) }) {
                ($0.rankingsTrain, $0.rankingsEval, $0.nearDuplicates) = (.count(0), .count(0), choice)
            }
        }
        let dropped = try await run(.drop, rows),
            examples = try harness.rows(dropped, "examples", as: SeedExample.self)
        // The last is like the second (eight words of ten), not like the first (six): that one is gone.
        #expect(examples.map(\.prompt) == [rows[0], rows[2], rows[3]])
        let entries = try harness.rows(dropped, "ledger", as: LedgerEntry.self).filter { $0.decision == .dropped }
        #expect(entries.map(\.reason) == ["near-duplicate"])
        #expect(entries.first?.detail == "of tree '\(examples[0].tree)': ROUGE-L 0.800")
        #expect(try counts(dropped)["near_dropped"] == 1 && counts(dropped)["near"] == 0)
        let kept = try await run(.report, rows)
        #expect(try harness.rows(kept, "examples", as: SeedExample.self).count == 4)
        #expect(try counts(kept)["near"] == 3)
    }
}
