import Artifacts
import Foundation
import Pipeline
import Stages
import TestSupport
import Testing

@Suite(
    "Stages on the demo model", .enabled(if: SharedData.hasSmolLM2, Comment(rawValue: SharedData.modelAbsence)),
    .enabled(if: ProcessInfo.processInfo.environment["NIGHTLY"] != nil, "takes a minute: run 'make nightly'"))
struct SmolLM2StageTests {
    private func seed(_ name: String) -> URL { SharedData.repository.appending(path: "pipelines/data/\(name)") }

    @Test("it is imported, answers, judges by expectation with worked examples, and writes new tasks")
    func shortRun() async throws {
        let harness = try StageHarness()
        let execution = ExecutionOptions(threads: 2)
        let imported = try await harness.run(
            ImportModelStage.self, ["source": [try harness.blob(file: try #require(SharedData.smolLM2))]],
            execution: execution)
        let model = try #require(imported.artifacts["model"])
        #expect(imported.summary["chat_template"] == .string("smollm2"))

        let rubric = try harness.blob(file: seed("rubric-additive.txt"))
        let seeds = try await harness.run(
            PrepareSeedsStage.self,
            [
                "trees": [try harness.blob(file: seed("seed-trees.jsonl"))],
                "evaluation-examples": [try harness.blob(file: seed("evaluation-examples.jsonl"))],
                "rubric": [rubric],
            ]
        ) { $0.keepSynthetic = true }
        let prompts = try harness.artifact([
            GeneratedPrompt(
                text: "What is the capital of France?", demonstrations: [], round: 0, request: 0, position: 0)
        ])
        let candidates = try await harness.run(
            SampleResponsesStage.self, ["model": [model], "prompts": [prompts]], execution: execution
        ) { ($0.samples, $0.maxTokens) = (2, 24) }
        let texts = try harness.rows(candidates, "candidates", as: Candidate.self).map(\.text)
        #expect(texts.count == 2 && texts.allSatisfy { !$0.isEmpty })

        let judgements = try await harness.run(
            JudgeResponsesStage.self,
            [
                "model": [model], "candidates": [try #require(candidates.artifacts["candidates"])],
                "rubric": [rubric], "judge-examples": [try #require(seeds.artifacts["judge-examples"])],
            ], execution: execution
        ) { ($0.samples, $0.maxTokens, $0.scoring, $0.workedExamples) = (1, 48, .expected, 2) }
        let verdicts = try harness.rows(judgements, "judgements", as: Judgement.self)
        #expect(verdicts.allSatisfy { (0...5).contains($0.score ?? -1) })

        let tasks = try await harness.run(
            WriteTasksStage.self, ["model": [model], "examples": [try #require(seeds.artifacts["examples"])]],
            execution: execution
        ) {
            ($0.prompts, $0.maxTokens, $0.requestsPerRound, $0.maxRounds) = (4, 64, 2, 3)
            $0.keepCompleteTasks = true
        }
        #expect((tasks.artifacts["prompts"]?.rows ?? 0) > 0)
    }
}
