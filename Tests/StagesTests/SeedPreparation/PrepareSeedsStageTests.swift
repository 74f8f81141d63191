import Artifacts
import Foundation
import Pipeline
import Stages
import TestSupport
import Testing

@Suite("The seed-prep stage")
struct PrepareSeedsStageTests {
    /// The seed set that comes with the project.
    private func seed(_ name: String) -> URL { SharedData.repository.appending(path: "pipelines/data/\(name)") }

    @Test("the project's own seed set is dealt out without overlap, and its evaluation examples are filled in")
    func ownSeeds() async throws {
        let harness = try StageHarness()
        let outputs = try await harness.run(
            PrepareSeedsStage.self,
            [
                "trees": [try harness.blob(file: seed("seed-trees.jsonl"))],
                "evaluation-examples": [try harness.blob(file: seed("evaluation-examples.jsonl"))],
                "rubric": [try harness.blob(file: seed("rubric-additive.txt"))],
            ]
        ) { $0.keepSynthetic = true }
        let examples = try harness.rows(outputs, "examples", as: SeedExample.self)
        let training = try harness.rows(outputs, "rankings-train", as: Ranking.self)
        let evaluation = try harness.rows(outputs, "rankings-eval", as: Ranking.self)
        let judged = try harness.rows(outputs, "judge-examples", as: JudgeExample.self)
        let trees = examples.map(\.tree) + training.map(\.tree) + evaluation.map(\.tree)
        #expect(Set(trees).count == trees.count && !training.isEmpty && !evaluation.isEmpty && !examples.isEmpty)
        #expect(judged.count == 342)
        #expect(Set(judged.map(\.instruction)).isDisjoint(with: evaluation.map(\.prompt)))
        #expect(judged.allSatisfy { $0.input.contains($0.response) && $0.target.hasSuffix("\n\nScore: \($0.score)") })
    }

    @Test("no evaluation example has an instruction that any held-out part has")
    func heldOutOfEveryPart() async throws {
        let trees = (0..<8).map { tree in
            let replies = (0...1).map { rank in
                """
                {"message_id":"\(tree)-\(rank)","text":"Reply \(rank).","role":"assistant","lang":"en","rank":\(rank)}
                """
            }
            return """
                {"message_tree_id":"t\(tree)","prompt":{"message_id":"\(tree)","text":"Question \(tree)?",\
                "role":"prompter","lang":"en","replies":[\(replies.joined(separator: ","))]}}
                """
        }
        let judgedAll = (0..<8).map {
            #"{"instruction":"question \#($0)?","response":"So.","justification":"Says nothing.","score":1}"#
        }
        let harness = try StageHarness()
        let outputs = try await harness.run(
            PrepareSeedsStage.self,
            [
                "trees": [try harness.blob(trees.joined(separator: "\n"))],
                "evaluation-examples": [try harness.blob(judgedAll.joined(separator: "\n"))],
                "rubric": [try harness.blob("Rate {instruction}: {response}")],
            ]
        ) {
            ($0.rankingsTrain, $0.rankingsEval, $0.validation, $0.test) = (.count(1), .count(1), .count(1), .count(2))
        }
        let judged = try harness.rows(outputs, "judge-examples", as: JudgeExample.self).map(\.instruction.promptKey)
        let held = try ["validation", "test"].flatMap { try harness.rows(outputs, $0, as: SeedExample.self) }
        let rankings = try harness.rows(outputs, "rankings-eval", as: Ranking.self)
        let heldOut = held.map(\.prompt.promptKey) + rankings.map(\.prompt.promptKey)
        #expect(heldOut.count == 4 && judged.count == 4)
        #expect(Set(judged).isDisjoint(with: heldOut))
    }

    @Test("marked as synthetic, the same trees give nothing to rank unless they are asked for")
    func syntheticSeeds() async throws {
        let harness = try StageHarness()
        let trees = try harness.blob(file: seed("seed-trees.jsonl"))
        let refusal = StageError.nothingSelected(
            file: nil, trees: 136, reasons: ["synthetic": 136], language: "en")
        await #expect(throws: refusal) { try await harness.run(PrepareSeedsStage.self, ["trees": [trees]]) }
        #expect(
            "\(refusal)"
                == "no tree can be used: of 136, dropped are 136 for 'synthetic'; give trees that people wrote, or set "
                + "'keep_synthetic: true'")
    }

    @Test("where nothing can be used all reasons are counted; a file of which nothing can be is warned of")
    func uselessFiles() async throws {
        let harness = try StageHarness()
        let german = (0..<3).map { #"{"prompt":"Frage \#($0)?","response":"So.","lang":"de"}"# }
        let unranked = #"{"prompt":"Why?","responses":[]}"#
        let useless = try harness.blob((german + [unranked]).joined(separator: "\n"))
        let error = try #require(
            await #expect(throws: StageError.self) {
                try await harness.run(PrepareSeedsStage.self, ["trees": [useless]])
            })
        #expect(
            "\(error)"
                == "no tree can be used: of 4, dropped are 3 for 'language', 1 for 'no-usable-reply'; set 'language', "
                + "which is 'en', to the data's; give replies with ranks, 0 the best")
        let useful = try harness.blob(#"{"prompt":"Why?","response":"So."}"#)
        _ = try await harness.run(PrepareSeedsStage.self, ["trees": [useful, useless]]) {
            ($0.rankingsTrain, $0.rankingsEval) = (.count(0), .count(0))
        }
        #expect(harness.warnings.count == 1)
        #expect(
            harness.warnings.first?.hasPrefix(
                "no tree of 'trees[1] (\(useless.digest.short))' can be used: of 4, dropped are 3 for 'language'")
                == true,
            "\(harness.warnings)")
    }

    @Test("golden digests")
    func golden() async throws {
        let trees = (0..<6).map { tree in
            let replies = (0...tree % 3).map { rank in
                """
                {"message_id":"\(tree)-\(rank)","text":"Reply \(rank).","role":"assistant","lang":"en","rank":\(rank)}
                """
            }
            return """
                {"message_tree_id":"t\(tree)","prompt":{"message_id":"\(tree)","text":"Question \(tree)?",\
                "role":"prompter","lang":"en","replies":[\(replies.joined(separator: ","))]}}
                """
        }
        let example = #"{"instruction":"Why?","response":"So.","justification":"Says nothing.","score":1}"#
        let harness = try StageHarness()
        let outputs = try await harness.run(
            PrepareSeedsStage.self,
            [
                "trees": [try harness.blob(trees.joined(separator: "\n"))],
                "evaluation-examples": [try harness.blob(example)],
                "rubric": [try harness.blob("Rate {instruction}: {response}")],
            ]
        ) { ($0.ift, $0.rankingsTrain, $0.rankingsEval) = (.rest, .count(1), .count(1)) }
        let golden = Golden(
            version: 4,
            digests: [
                "examples": "fc596f804580", "judge-examples": "15cc530f4e63", "ledger": "0f0c0fca1fa3",
                "rankings-eval": "c6e9211ed528", "rankings-train": "e8f35cdddf4c", "test": "e3b0c44298fc",
                "validation": "e3b0c44298fc",
            ])
        golden.check(PrepareSeedsStage.self, gives: outputs.artifacts.mapValues(\.digest.short))
    }

    @Test("the seed decides who is held out")
    func seeded() async throws {
        let harness = try StageHarness()
        let trees = try harness.blob(file: seed("seed-trees.jsonl"))
        var heldOut: [ArtifactReference?] = []
        for seed: UInt64 in [1, 1, 2] {
            let outputs = try await harness.run(PrepareSeedsStage.self, ["trees": [trees]], seed: seed) {
                $0.keepSynthetic = true
            }
            heldOut.append(outputs.artifacts["rankings-eval"])
        }
        #expect(heldOut[0] == heldOut[1] && heldOut[0] != heldOut[2])
    }

    @Test("evaluation examples need a rubric, and a bad line is named")
    func errors() async throws {
        let harness = try StageHarness()
        let trees = try harness.blob(file: seed("seed-trees.jsonl"))
        let bad = try harness.blob("{\"instruction\":\"\n")
        await #expect(
            throws: StageError.missingInput(
                stage: "seed-prep", port: "rubric", because: "'evaluation-examples' are filled into it")
        ) {
            try await harness.run(PrepareSeedsStage.self, ["trees": [trees], "evaluation-examples": [bad]]) {
                $0.keepSynthetic = true
            }
        }
        let error = try #require(
            await #expect(throws: StageError.self) {
                try await harness.run(PrepareSeedsStage.self, ["trees": [bad]])
            })
        #expect("\(error)".hasPrefix("trees (\(bad.digest.short)):1: "), "\(error)")
    }
}
