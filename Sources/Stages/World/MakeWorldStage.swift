internal import Artifacts
internal import Model
package import Pipeline

/// `make-world`: seed data of a world in which a program knows the truth, in the place of `seed-prep`.
///
/// It is no part of the paper. The loop must raise what it says it raises, and here that can be checked.
package struct MakeWorldStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey {
            case ift, judged, letters, shortest, longest
            case rankingsEval = "rankings_eval", rankedAnswers = "ranked_answers", heldOut = "held_out"
            case mostSlips = "most_slips", flawed
        }

        /// Tasks with an answer to learn from. The paper has 3,200 (§3.1.1).
        package var ift = 2000
        /// The share of these answers, in percent, that have slips: people err too.
        package var flawed = 0
        /// Judged answers to learn judging from. The paper has 1,630 (§3.1.1).
        package var judged = 2000
        /// Held-out tasks with ranked answers, for `evaluate-judge`.
        package var rankingsEval = 60
        package var rankedAnswers = 4
        /// Held-out tasks that models are asked and a program checks.
        package var heldOut = 250
        /// Letters of the alphabet, from `a` on.
        package var letters = 8
        /// Letters of an answer, at least and at most.
        package var shortest = 3
        package var longest = 6
        /// Judged and ranked answers are right ones with none to so many slips.
        package var mostSlips = 4

        package init() {}
    }

    package static let kind: StageKind = "make-world"
    package static let version = 1
    package static let usesSeed = true
    package static let inputs = [Port("rubric", schema: ArtifactReference.blobSchema)]
    package static let outputs = [
        Port("examples", schema: SeedExample.schema.description),
        Port("judge-examples", schema: JudgeExample.schema.description),
        Port("rankings-eval", schema: Ranking.schema.description),
        Port("held-out", schema: GeneratedPrompt.schema.description),
    ]

    private let parameters: Parameters
    private let world: WordWorld

    package init(parameters: Parameters) throws {
        for (name, value) in [
            ("ift", parameters.ift), ("judged", parameters.judged), ("rankings_eval", parameters.rankingsEval),
            ("held_out", parameters.heldOut),
        ] {
            try Self.require(value, in: 0...ParameterLimit.count, name)
        }
        try Self.require(parameters.rankedAnswers, in: 1...ParameterLimit.workedExamples, "ranked_answers")
        try Self.require(parameters.mostSlips, in: 0...ParameterLimit.workedExamples, "most_slips")
        try Self.require(parameters.flawed, in: 0...100, "flawed")
        self.parameters = parameters
        world = try WordWorld.checked(
            letters: parameters.letters, shortest: parameters.shortest, longest: parameters.longest, Self.self)
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let template = try JudgeTemplate(blob: "rubric", of: inputs)
        guard template.form.scale == 0...WordTask.Wish.allCases.count else {
            throw StageError.malformedTemplate(
                name: "rubric",
                problem: "its scale is \(template.form.scale); an answer here has a point for each of five wishes")
        }
        var tasks = try tasks(context.seed)[...]
        func take(_ count: Int) -> [WordTask] {
            defer { tasks = tasks.dropFirst(count) }
            return Array(tasks.prefix(count))
        }
        let examples = take(parameters.ift).enumerated().map { example($1, $0, context.seed) }
        let judged = take(parameters.judged).enumerated().map { judgeExample($1, $0, template, context.seed) }
        let rankings = take(parameters.rankingsEval).map { ranking($0, context.seed) }
        let heldOut = take(parameters.heldOut).enumerated().map {
            GeneratedPrompt(text: $1.prompt, demonstrations: [], round: 0, request: $0, position: 0)
        }
        return StageOutputs(
            [
                "examples": try context.write(examples, to: "examples"),
                "judge-examples": try context.write(judged, to: "judge-examples"),
                "rankings-eval": try context.write(rankings, to: "rankings-eval"),
                "held-out": try context.write(heldOut, to: "held-out"),
            ],
            summary: .object([
                "judge_scores": .histogram(judged.map { Double($0.score) })
            ]))
    }

    /// As many different tasks as all parts together need, so that no two parts share one.
    /// - Throws: `StageError.worldTooSmall`.
    private func tasks(_ seed: SeedPath) throws -> [WordTask] {
        var generator = Philox(key: seed.child("tasks").key)
        let wanted = parameters.ift + parameters.judged + parameters.rankingsEval + parameters.heldOut
        guard wanted <= world.taskCount else {
            throw StageError.worldTooSmall(stage: Self.kind.rawValue, wanted: wanted, tasks: world.taskCount)
        }
        var seen: Set<WordTask> = []
        var tasks: [WordTask] = []
        while tasks.count < wanted {
            let task = world.task(&generator)
            if seen.insert(task).inserted { tasks.append(task) }
        }
        return tasks
    }

    private func example(_ task: WordTask, _ index: Int, _ seed: SeedPath) -> SeedExample {
        var generator = Philox(key: seed.child(task.prompt, "answer").key)
        let isFlawed = generator.below(100) < parameters.flawed
        let slips = isFlawed ? 1 + generator.below(2) : 0
        return SeedExample(
            tree: "world-\(index)", prompt: task.prompt, response: world.answer(to: task, slips: slips, &generator))
    }

    private func judgeExample(
        _ task: WordTask, _ index: Int, _ template: JudgeTemplate, _ seed: SeedPath
    ) -> JudgeExample {
        var generator = Philox(key: seed.child(task.prompt, "judged").key)
        let answer = world.answer(to: task, slips: generator.below(parameters.mostSlips + 1), &generator)
        return JudgeExample(
            instruction: task.prompt, response: answer,
            input: template.render(instruction: task.prompt, response: answer),
            justification: task.verdict(answer), score: task.points(answer), origin: .seed,
            form: template.form)
    }

    private func ranking(_ task: WordTask, _ seed: SeedPath) -> Ranking {
        let answers = (0..<parameters.rankedAnswers).map { index in
            var generator = Philox(key: seed.child(task.prompt, String(index), "ranked").key)
            let answer = world.answer(to: task, slips: generator.below(parameters.mostSlips + 1), &generator)
            return Ranking.Response(
                id: "\(task.prompt)/\(index)", text: answer, rank: WordTask.Wish.allCases.count - task.points(answer))
        }
        return Ranking(
            tree: task.prompt, prompt: task.prompt,
            responses: answers.sorted { ($0.rank, $0.id) < ($1.rank, $1.id) })
    }
}

extension WordWorld {
    /// - Throws: `StageError.invalidParameter` for a world that cannot be.
    static func checked<S: Stage>(letters: Int, shortest: Int, longest: Int, _ stage: S.Type) throws -> WordWorld {
        try S.require(letters, in: fewestLetters...26, "letters")
        try S.require(shortest, in: Self.shortest...9, "shortest")
        try S.require(longest, in: shortest...9, "longest")
        return WordWorld(letters: letters, sizes: shortest...longest)
    }
}
