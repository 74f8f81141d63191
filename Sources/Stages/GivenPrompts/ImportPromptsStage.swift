internal import Artifacts
package import Pipeline

/// `import-prompts`: takes prompts from files, to be answered and compared (paper §3.1.2: 256 test prompts), and the
/// responses that stand beside them.
///
/// A prompt's id depends on its text alone, so that two files with the same prompts, such as AlpacaEval's outputs of two
/// models, give responses that can be compared.
package struct ImportPromptsStage: Stage {
    package struct Parameters: StageParameters {
        /// How many: a count, a share such as `40%`, or `rest` for all. They are drawn by lot, since benchmarks stand in
        /// the order of their parts, and keep their order. The paper compares models on 256.
        package var take: SplitSize = .rest

        package init() {}
    }

    package static let kind: StageKind = "import-prompts"
    package static let version = 1
    package static let usesSeed = true
    package static let inputs = [Port("source", schema: ArtifactReference.blobSchema, acceptsMany: true)]
    package static let outputs = [
        Port("prompts", schema: GeneratedPrompt.schema.description),
        Port("candidates", schema: Candidate.schema.description),
        Port("origins", schema: PromptOrigin.schema.description),
    ]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.take != .count(0), "take", "is 0: no prompt would be left")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let given = try inputs.namedBlobs("source").flatMap { try PromptFile.read($0.url, name: $0.name) }
        let generators = Set(given.compactMap(\.generator)).sorted()
        guard generators.count <= 1 else { throw StageError.severalGenerators(port: "source", generators) }
        let numbered = Self.numbered(given)
        if numbered.contains(where: { $0.prompt.position > 0 }) {
            context.warn(
                "\(numbered.count { $0.prompt.position > 0 }) of \(given.count) prompts repeat the text of another; each is kept"
            )
        }
        let taken = try draw(numbered, context.seed)
        let candidates = taken.compactMap { prompt, given in
            given.response.map {
                // Nobody counted the tokens of a text from outside.
                Candidate(promptID: prompt.id, prompt: prompt.text, index: 0, text: $0, tokens: 0, finish: .stop)
            }
        }
        let origins = taken.map { PromptOrigin(promptID: $0.prompt.id, dataset: $0.given.dataset) }
        return StageOutputs(
            [
                "prompts": try context.write(taken.map(\.prompt), to: "prompts"),
                "candidates": try context.write(candidates, to: "candidates"),
                "origins": try context.write(origins, to: "origins"),
            ],
            summary: .object([
                "rows": .count(given.count), "prompts": .count(taken.count),
                "candidates": .count(candidates.count),
                "generator": generators.first.map(JSONValue.string) ?? .null,
                "datasets": .counts(origins.compactMap(\.dataset).reduce(into: [:]) { $0[$1, default: 0] += 1 }),
            ]))
    }

    /// As prompts, those with the same text told apart by how often it stood before.
    private static func numbered(_ given: [GivenPrompt]) -> [(prompt: GeneratedPrompt, given: GivenPrompt)] {
        var seen: [String: Int] = [:]
        return given.map { given in
            let place = seen[given.text, default: 0]
            seen[given.text] = place + 1
            return (
                GeneratedPrompt(text: given.text, demonstrations: [], round: 0, request: 0, position: place), given
            )
        }
    }

    private func draw<Item>(
        _ prompts: [(prompt: GeneratedPrompt, given: Item)], _ seed: SeedPath
    ) throws -> [(prompt: GeneratedPrompt, given: Item)] {
        guard let count = parameters.take.resolved(eligible: prompts.count, available: prompts.count) else {
            try Self.require(false, "take", "is \(parameters.take.text), and there are \(prompts.count) prompts")
            return []
        }
        let lots = prompts.enumerated().map { (lot: seed.child($1.prompt.id, "take").key, place: $0) }
        let places = lots.sorted { ($0.lot, $0.place) < ($1.lot, $1.place) }.prefix(count).map(\.place).sorted()
        return places.map { prompts[$0] }
    }
}
