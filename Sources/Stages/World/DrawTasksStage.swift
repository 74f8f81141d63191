internal import Artifacts
internal import Model
package import Pipeline

/// `draw-tasks`: new tasks of a world of words, in the place of `self-instruct`.
///
/// The paper's new prompts come from a fixed model that is never trained (§3.1.3). A model small enough for this world
/// cannot write lists of tasks after demonstrations, so a fixed program does; as there, a task that was there before or
/// is held out is dropped, and the ledger says so.
package struct DrawTasksStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey { case prompts, letters, shortest, longest }

        /// The paper's iterations end with 3,964 and 6,942 pairs (§3.1.3).
        package var prompts = 1000
        /// As the world's.
        package var letters = 8
        package var shortest = 3
        package var longest = 6

        package init() {}
    }

    package enum Reason: String {
        case drawn
        /// It is one of the seed examples', or was drawn before, here or in an earlier iteration.
        case duplicate
        /// Models are evaluated on it.
        case heldOut = "held-out"
    }

    package static let kind: StageKind = "draw-tasks"
    package static let version = 1
    package static let usesSeed = true
    package static let inputs = [
        Port("examples", schema: SeedExample.schema.description, acceptsMany: true),
        Port("earlier", schema: GeneratedPrompt.schema.description, isOptional: true, acceptsMany: true),
        Port("held-out", schema: GeneratedPrompt.schema.description, isOptional: true, acceptsMany: true),
        Port("held-out-rankings", schema: Ranking.schema.description, isOptional: true, acceptsMany: true),
    ]
    package static let outputs = [
        Port("prompts", schema: GeneratedPrompt.schema.description),
        Port("ledger", schema: LedgerEntry.schema.description),
    ]

    private let parameters: Parameters
    private let world: WordWorld

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.prompts, in: 1...ParameterLimit.count, "prompts")
        world = try WordWorld.checked(
            letters: parameters.letters, shortest: parameters.shortest, longest: parameters.longest, Self.self)
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let earlier = try inputs.optionalRows("earlier", as: GeneratedPrompt.self) ?? []
        let heldOut = Set(
            try (inputs.optionalRows("held-out", as: GeneratedPrompt.self) ?? []).map(\.text)
                + (inputs.optionalRows("held-out-rankings", as: Ranking.self) ?? []).map(\.prompt))
        var seen = Set(try inputs.rows("examples", as: SeedExample.self).map(\.prompt) + earlier.map(\.text))
        let wanted = parameters.prompts + seen.union(heldOut).count
        guard wanted <= world.taskCount else {
            throw StageError.worldTooSmall(stage: Self.kind.rawValue, wanted: wanted, tasks: world.taskCount)
        }
        // Another iteration draws others: the same numbers would bring the same tasks again.
        let seed = earlier.isEmpty ? context.seed : context.seed.child("after \(earlier.count) prompts")
        var generator = Philox(key: seed.child("tasks").key)
        var prompts: [GeneratedPrompt] = []
        var ledger: [LedgerEntry] = []
        for draw in 0... {
            if prompts.count == parameters.prompts { break }
            let text = world.task(&generator).prompt
            let prompt = GeneratedPrompt(text: text, demonstrations: [], round: 0, request: draw, position: 0)
            let reason: Reason =
                heldOut.contains(text) ? .heldOut : seen.insert(text).inserted ? .drawn : .duplicate
            ledger.append(
                LedgerEntry(
                    item: prompt.id, decision: reason == .drawn ? .kept : .dropped, reason: reason, detail: text))
            if reason == .drawn { prompts.append(prompt) }
        }
        return StageOutputs(
            [
                "prompts": try context.write(prompts, to: "prompts"),
                "ledger": try context.write(ledger, to: "ledger"),
            ],
            summary: .object(["prompts": .count(prompts.count), "filter": .report(ledger)]))
    }
}
