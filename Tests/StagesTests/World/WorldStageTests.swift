import Artifacts
import Pipeline
import Stages
import Testing

@Suite("The stages of a world of words")
struct WorldStageTests {
    private func world(
        _ harness: StageHarness, seed: UInt64 = 1, _ change: (inout MakeWorldStage.Parameters) -> Void = { _ in }
    ) async throws -> StageOutputs {
        let rubric = try harness.blob("judge {instruction}\nanswer {response}\n")
        return try await harness.run(MakeWorldStage.self, ["rubric": [rubric]], seed: seed) {
            ($0.ift, $0.judged, $0.rankingsEval, $0.heldOut) = (40, 60, 8, 20)
            change(&$0)
        }
    }

    @Test("no part shares a task with another; examples are right, and judged as a program judges")
    func parts() async throws {
        let harness = try StageHarness()
        let outputs = try await world(harness)
        let examples = try harness.rows(outputs, "examples", as: SeedExample.self)
        let judged = try harness.rows(outputs, "judge-examples", as: JudgeExample.self)
        let rankings = try harness.rows(outputs, "rankings-eval", as: Ranking.self)
        let heldOut = try harness.rows(outputs, "held-out", as: GeneratedPrompt.self)
        #expect([examples.count, judged.count, rankings.count, heldOut.count] == [40, 60, 8, 20])
        let prompts =
            examples.map(\.prompt) + judged.map(\.instruction) + rankings.map(\.prompt) + heldOut.map(\.text)
        #expect(Set(prompts).count == prompts.count)
        for example in examples { #expect(try task(example.prompt).isRight(example.response)) }
        for example in judged {
            #expect(try task(example.instruction).points(example.response) == example.score)
            #expect(example.input.contains(example.response) && example.target.hasSuffix("Score: \(example.score)"))
        }
        #expect(Set(judged.map(\.score)).count > 3)
        for ranking in rankings {
            let task = try task(ranking.prompt)
            #expect(ranking.responses.allSatisfy { $0.rank == 5 - task.points($0.text) })
            #expect(ranking.responses.map(\.rank) == ranking.responses.map(\.rank).sorted())
        }
    }

    private func task(_ prompt: String) throws -> WordTask { try #require(WordTask(prompt: prompt)) }

    @Test("a share of the answers to learn from can be flawed")
    func flawed() async throws {
        let harness = try StageHarness()
        let outputs = try await world(harness) { ($0.ift, $0.flawed) = (200, 60) }
        let right = try harness.rows(outputs, "examples", as: SeedExample.self).count {
            try task($0.prompt).isRight($0.response)
        }
        // 40 % have no slip, and of the others some slip does no harm.
        #expect((70...130).contains(right))
    }

    @Test("new tasks are none of the examples, of earlier iterations or of evaluations, and the ledger counts those")
    func drawTasks() async throws {
        let harness = try StageHarness()
        // 5 · 4 · 3 · 2 tasks of one size.
        let small: (inout MakeWorldStage.Parameters) -> Void = {
            ($0.letters, $0.shortest, $0.longest) = (5, 4, 4)
            ($0.ift, $0.judged, $0.rankingsEval, $0.heldOut) = (10, 0, 10, 20)
        }
        let outputs = try await world(harness, small)
        func draw(_ count: Int, earlier: [ArtifactReference]) async throws -> StageOutputs {
            try await harness.run(
                DrawTasksStage.self,
                [
                    "examples": [#require(outputs.artifacts["examples"])], "earlier": earlier,
                    "held-out": [#require(outputs.artifacts["held-out"])],
                    "held-out-rankings": [#require(outputs.artifacts["rankings-eval"])],
                ]
            ) { ($0.letters, $0.shortest, $0.longest, $0.prompts) = (5, 4, 4, count) }
        }
        let first = try await draw(40, earlier: [])
        let second = try await draw(40, earlier: [try #require(first.artifacts["prompts"])])
        let prompts = try [first, second].flatMap { try harness.rows($0, "prompts", as: GeneratedPrompt.self) }
        let others =
            try harness.rows(outputs, "examples", as: SeedExample.self).map(\.prompt)
            + harness.rows(outputs, "rankings-eval", as: Ranking.self).map(\.prompt)
            + harness.rows(outputs, "held-out", as: GeneratedPrompt.self).map(\.text)
        // Every task of the world is in one part, and none in two.
        #expect(Set(prompts.map(\.text) + others).count == 120 && prompts.count == 80 && others.count == 40)
        let ledger = try harness.rows(second, "ledger", as: LedgerEntry.self)
        #expect(ledger.count { $0.decision == .kept } == 40)
        #expect(Set(ledger.map(\.reason)) == ["drawn", "duplicate", "held-out"])
        await #expect(throws: StageError.worldTooSmall(stage: "draw-tasks", wanted: 121, tasks: 120)) {
            try await draw(81, earlier: [])
        }
        await #expect(throws: StageError.worldTooSmall(stage: "make-world", wanted: 140, tasks: 120)) {
            try await world(harness) {
                small(&$0)
                $0.judged = 100
            }
        }
    }

    @Test("golden digests")
    func golden() async throws {
        let harness = try StageHarness()
        let made = try await world(harness)
        Golden(
            version: 1,
            digests: [
                "examples": "4884df450440", "held-out": "1c04c7869b28", "judge-examples": "0852206154f8",
                "rankings-eval": "11cc6f5794c2",
            ]
        ).check(MakeWorldStage.self, gives: made.artifacts.mapValues(\.digest.short))
        let drawn = try await harness.run(
            DrawTasksStage.self,
            [
                "examples": [try #require(made.artifacts["examples"])],
                "held-out": [try #require(made.artifacts["held-out"])],
            ]
        ) { $0.prompts = 50 }
        Golden(version: 1, digests: ["ledger": "e11210370ad0", "prompts": "f26709d259e7"]).check(
            DrawTasksStage.self, gives: drawn.artifacts.mapValues(\.digest.short))
        let answers = try harness.rows(drawn, "prompts", as: GeneratedPrompt.self).flatMap { prompt in
            let task = try task(prompt.text)
            return ["\(task.first) \(task.wanted) \(task.last)", "a b c"].enumerated().map {
                Candidate(
                    promptID: prompt.id, prompt: prompt.text, index: $0.offset, text: $0.element, tokens: 3,
                    finish: .stop)
            }
        }
        let judgements = answers.map { answer in
            Judgement(
                candidateID: answer.id, promptID: answer.promptID,
                verdicts: [.init(raw: "", finish: .stop, verdict: .scored(answer.index == 0 ? 4 : 2))])
        }
        let shuffled = try await harness.run(
            ShuffleJudgementsStage.self, ["judgements": [try harness.artifact(judgements)]])
        Golden(version: 1, digests: ["judgements": "1454ba1f58a6"]).check(
            ShuffleJudgementsStage.self, gives: shuffled.artifacts.mapValues(\.digest.short))
        let checked = try await harness.run(
            CheckAnswersStage.self,
            [
                "answers": [try harness.artifact(answers)],
                "judgements": [try #require(shuffled.artifacts["judgements"])],
            ])
        Golden(version: 2, digests: ["measurements": "5a2858c89a07"]).check(
            CheckAnswersStage.self, gives: checked.artifacts.mapValues(\.digest.short))
    }

    @Test("a world that cannot be is refused before anything runs")
    func parameters() {
        var world = MakeWorldStage.Parameters()
        world.letters = 4
        #expect(
            throws: StageError.invalidParameter(
                stage: "make-world", name: "letters", problem: "is 4; it must be from 5 to 26")
        ) { try MakeWorldStage(parameters: world) }
        world = .init()
        (world.shortest, world.longest) = (5, 4)
        #expect(
            throws: StageError.invalidParameter(
                stage: "make-world", name: "longest", problem: "is 4; it must be from 5 to 9")
        ) { try MakeWorldStage(parameters: world) }
        world = .init()
        world.ift = -1
        #expect(
            throws: StageError.invalidParameter(
                stage: "make-world", name: "ift", problem: "is -1; it must be from 0 to 16777216")
        ) { try MakeWorldStage(parameters: world) }
        var tasks = DrawTasksStage.Parameters()
        tasks.shortest = 2
        #expect(
            throws: StageError.invalidParameter(
                stage: "draw-tasks", name: "shortest", problem: "is 2; it must be from 3 to 9")
        ) { try DrawTasksStage(parameters: tasks) }
    }
}
