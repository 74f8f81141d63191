import Artifacts
import Pipeline
import Stages
import Testing

@Suite("The decontaminate stage")
struct DecontaminatePromptsStageTests {
    private let prompts = [
        "Explain how a bicycle stays upright.", "Name three uses of old newspapers.", "Describe a walk by the sea.",
    ].enumerated().map { GeneratedPrompt(text: $1, demonstrations: [], round: 0, request: 0, position: $0) }

    private func run(
        _ harness: StageHarness, _ change: (inout DecontaminatePromptsStage.Parameters) -> Void = { _ in }
    ) async throws -> StageOutputs {
        try await harness.run(
            DecontaminatePromptsStage.self,
            [
                "prompts": [try harness.artifact(prompts)],
                "evaluation": [
                    try harness.blob(#"{"prompt": "Explain how a unicycle stays upright."}"#),
                    try harness.blob(#"{"turns": ["List the moons of Mars.", "Now those of Jupiter."]}"#),
                ],
                "rankings": [
                    try harness.artifact([Ranking(tree: "t", prompt: "Describe a walk by the sea.", responses: [])])
                ],
            ], change)
    }

    @Test("prompts that are evaluated on are dropped, and the ledger and the summary say where they were found")
    func drops() async throws {
        let harness = try StageHarness()
        let outputs = try await run(harness) { $0.names = ["wheels", "moons"] }
        let kept = try harness.rows(outputs, "prompts", as: GeneratedPrompt.self)
        #expect(kept == [prompts[1]])
        let ledger = try harness.rows(outputs, "ledger", as: LedgerEntry.self)
        #expect(ledger.map(\.item) == prompts.map(\.id))
        #expect(ledger.map(\.reason) == ["similar", "clean", "same-text"])
        #expect(ledger.map(\.decision) == [.dropped, .kept, .dropped])
        #expect(ledger[0].detail == "\(10.0 / 12) to wheels, line 1: Explain how a bicycle stays upright.")
        #expect(
            outputs.summary["found_in"]
                == .object(["wheels": .integer(1), "moons": .integer(0), "rankings": .integer(1)]))
        #expect(
            outputs.summary["compared_with"]
                == .object(["wheels": .integer(1), "moons": .integer(2), "rankings": .integer(1)]))
        #expect(harness.warnings.isEmpty)
    }

    @Test("flagged prompts are kept, with their reasons")
    func flags() async throws {
        let harness = try StageHarness()
        let outputs = try await run(harness) { $0.action = .flag }
        #expect(try harness.rows(outputs, "prompts", as: GeneratedPrompt.self) == prompts)
        let ledger = try harness.rows(outputs, "ledger", as: LedgerEntry.self)
        #expect(ledger.map(\.reason) == ["similar", "clean", "same-text"])
        #expect(ledger.allSatisfy { $0.decision == .kept })
        #expect(outputs.summary["found_in"]?["evaluation 1"] == .integer(1))
    }

    @Test("golden digests")
    func golden() async throws {
        let harness = try StageHarness()
        Golden(version: 1, digests: ["ledger": "dbd78165ce31", "prompts": "b0f160fca6e7"]).check(
            DecontaminatePromptsStage.self, gives: try await run(harness).artifacts.mapValues(\.digest.short))
    }

    @Test("without anything to compare with it refuses to run, and with empty sets it warns")
    func nothingToCompareWith() async throws {
        let harness = try StageHarness()
        let rows = try harness.artifact(prompts)
        await #expect(
            throws: StageError.missingInput(
                stage: "decontaminate", port: "evaluation", because: "there is nothing to compare prompts with")
        ) { try await harness.run(DecontaminatePromptsStage.self, ["prompts": [rows]]) }
        let outputs = try await harness.run(
            DecontaminatePromptsStage.self, ["prompts": [rows], "rankings": [try harness.artifact([Ranking]())]])
        #expect(outputs.artifacts["prompts"]?.rows == 3)
        #expect(harness.warnings == ["the evaluation sets are empty; all prompts are kept"])
    }

    @Test("names must be as many as files, and different")
    func names() async throws {
        let harness = try StageHarness()
        await #expect(
            throws: StageError.invalidParameter(
                stage: "decontaminate", name: "names", problem: "has 1 names for 2 files of 'evaluation'")
        ) { try await run(harness) { $0.names = ["one"] } }
        await #expect(throws: StageError.self) { try await run(harness) { $0.names = ["one", "one"] } }
    }

    @Test("a run of no words, no fields and a similarity beyond 1 are refused")
    func refused() {
        func make(_ change: (inout DecontaminatePromptsStage.Parameters) -> Void) throws {
            var parameters = DecontaminatePromptsStage.Parameters()
            change(&parameters)
            _ = try DecontaminatePromptsStage(parameters: parameters)
        }
        #expect(throws: StageError.self) { try make { $0.run = 0 } }
        #expect(throws: StageError.self) { try make { $0.fields = [] } }
        #expect(throws: StageError.self) { try make { $0.maxSimilarity = 1.01 } }
        #expect(throws: Never.self) { try make { $0.maxSimilarity = 1 } }
    }
}
