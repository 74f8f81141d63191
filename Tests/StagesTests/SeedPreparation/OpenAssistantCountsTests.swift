import Artifacts
import Pipeline
import Stages
import TestSupport
import Testing

/// `seed-prep` on human data, against counts and pairs that another program took from the same files.
@Suite(
    "seed-prep on Open Assistant's files", .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
struct OpenAssistantCountsTests {
    struct Source: Sendable, CustomTestStringConvertible {
        let folder: String
        let file: String
        /// Prompts with two or more ranked replies.
        let ranked: Int
        /// Prompts with a reply of rank 0.
        let best: Int
        /// Those among them that the list of instruction pairs takes from this folder: it takes each prompt once.
        let listed: Int

        var testDescription: String { folder }
    }

    static let sources = [
        Source(folder: "oasst1-en-validation", file: "messages.jsonl", ranked: 91, best: 91, listed: 91),
        Source(folder: "oasst-en100-trees", file: "trees.jsonl", ranked: 46, best: 46, listed: 42),
        Source(folder: "oasst2-multilingual-trees", file: "trees.jsonl", ranked: 20, best: 20, listed: 18),
    ]

    private struct Pair: Decodable, Hashable {
        let prompt: String
        let response: String
        let source: String
    }

    /// What a pair is told by, whatever the white space of its prompt.
    private func key(_ prompt: String, _ response: String) -> [String] { [prompt.promptKey, response] }

    private func prepare(
        _ harness: StageHarness, _ sources: [Source], _ change: (inout PrepareSeedsStage.Parameters) -> Void
    ) async throws -> StageOutputs {
        let files = try sources.map { try harness.blob(file: SharedData.url("\($0.folder)/\($0.file)")) }
        return try await harness.run(PrepareSeedsStage.self, ["trees": files]) {
            $0.repeatedTrees = .first
            change(&$0)
        }
    }

    @Test(
        "instruction pairs are the prompts with their reply of rank 0, as the list made from these files has them",
        arguments: sources)
    func instructionPairs(source: Source) async throws {
        let harness = try StageHarness()
        let outputs = try await prepare(harness, [source]) {
            ($0.ift, $0.rankingsTrain, $0.rankingsEval) = (.rest, .count(0), .count(0))
        }
        let examples = try harness.rows(outputs, "examples", as: SeedExample.self)
        #expect(examples.count == source.best)
        let list = try JSONLines.read("oasst-en-ift-firstturn/pairs.jsonl", as: Pair.self)
        let found = Set(examples.map { key($0.prompt, $0.response) })
        #expect(found.isSubset(of: list.map { key($0.prompt, $0.response) }))
        let own = list.filter { $0.source == source.folder }
        #expect(own.count == source.listed && found.isSuperset(of: own.map { key($0.prompt, $0.response) }))
    }

    @Test("rankings are the prompts with two ranked replies or more, best first", arguments: sources)
    func rankings(source: Source) async throws {
        let harness = try StageHarness()
        let outputs = try await prepare(harness, [source]) {
            ($0.ift, $0.rankingsTrain, $0.rankingsEval) = (.count(0), .rest, .count(0))
        }
        let rankings = try harness.rows(outputs, "rankings-train", as: Ranking.self)
        #expect(rankings.count == source.ranked)
        for ranking in rankings {
            let ranks = ranking.responses.map(\.rank)
            // Open Assistant's ranks are a full order.
            #expect(ranks.count >= 2 && ranks == ranks.sorted() && Set(ranks).count == ranks.count)
        }
    }

    @Test("of all three files together, no prompt, tree or reply is in two parts")
    func disjoint() async throws {
        let harness = try StageHarness()
        let outputs = try await prepare(harness, Self.sources) {
            ($0.ift, $0.rankingsTrain, $0.rankingsEval) = (.rest, .count(60), .count(40))
        }
        let examples = try harness.rows(outputs, "examples", as: SeedExample.self)
        let training = try harness.rows(outputs, "rankings-train", as: Ranking.self)
        let heldOut = try harness.rows(outputs, "rankings-eval", as: Ranking.self)
        #expect(training.count == 60 && heldOut.count == 40)
        let parts = [
            (examples.map(\.tree), examples.map(\.prompt.promptKey), examples.map(\.response)),
            (training.map(\.tree), training.map(\.prompt.promptKey), training.flatMap(\.responses).map(\.text)),
            (heldOut.map(\.tree), heldOut.map(\.prompt.promptKey), heldOut.flatMap(\.responses).map(\.text)),
        ]
        for (place, part) in parts.enumerated() {
            #expect(Set(part.0).count == part.0.count && Set(part.1).count == part.1.count)
            for other in parts[(place + 1)...] {
                #expect(Set(part.0).isDisjoint(with: other.0) && Set(part.1).isDisjoint(with: other.1))
                #expect(Set(part.2).isDisjoint(with: other.2))
            }
        }
        // 413 trees, 15 of them twice; each is in the ledger with what became of it.
        let ledger = try harness.rows(outputs, "ledger", as: LedgerEntry.self)
        #expect(ledger.count == 93 + 48 + 272)
        #expect(FilterReport(ledger).kept.values.reduce(0, +) == examples.count + 100)
    }

    @Test("a few dozen human trees go all the way to a fine-tuned, judged model")
    func firstIteration() async throws {
        let harness = try StageHarness()
        let rubric = try harness.blob("Rate.\nUser: {instruction}\n<response>{response}</response>\n")
        let seeds = try await prepare(harness, [Self.sources[1]]) {
            ($0.ift, $0.rankingsTrain, $0.rankingsEval) = (.count(24), .count(8), .count(6))
        }
        let examples = try #require(seeds.artifacts["examples"])
        let text = try harness.blob(file: SharedData.url("oasst-en100-trees/trees.jsonl"))
        let made = try await harness.run(MakeModelStage.self, ["text": [text]]) {
            ($0.merges, $0.hiddenSize, $0.intermediateSize, $0.heads) = (100, 32, 48, 2)
        }
        let model = try #require(made.artifacts["model"])
        let eft = try await harness.run(
            FilterJudgementsStage.self,
            ["model": [model], "rankings": [try #require(seeds.artifacts["rankings-train"])], "rubric": [rubric]]
        ) { ($0.attempts, $0.maxTokens, $0.scoring, $0.agreement) = (2, 8, .expected, .noInversion) }
        #expect(try harness.rows(eft, "ledger", as: LedgerEntry.self).count >= 8)
        let tuned = try await harness.run(
            FineTuneStage.self,
            [
                "model": [model], "examples": [examples],
                "judge-examples": [try #require(eft.artifacts["judge-examples"])],
            ]
        ) { ($0.learningRate, $0.finalLearningRate, $0.maxTokens) = (1e-3, 1e-4, 600) }
        let quality = try await harness.run(
            EvaluateJudgeStage.self,
            [
                "model": [try #require(tuned.artifacts["model"])],
                "rankings": [try #require(seeds.artifacts["rankings-eval"])], "rubric": [rubric],
            ]
        ) { ($0.samples, $0.maxTokens, $0.scoring, $0.resamples) = (1, 8, .expected, 50) }
        let measured = try harness.rows(quality, "measurements", as: Measurement.self)
        let exact = try #require(measured.first { $0.name == "exact_match" })
        #expect(exact.count == 6)
    }
}
