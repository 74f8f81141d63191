import Artifacts
import Foundation
import Pipeline
import Stages
import TestSupport
import Testing

@Suite("Prompts from files")
struct ImportPromptsStageTests {
    private func read(_ text: String) throws -> [GivenPrompt] {
        try withTemporaryFile(text) { try PromptFile.read($0, name: "p") }
    }

    @Test(
        "each known form gives its prompt, and a response where it has one",
        arguments: [
            (
                #"[{"instruction": "Why?", "output": "So.", "generator": "m", "dataset": "koala"}]"#,
                GivenPrompt(text: "Why?", dataset: "koala", response: "So.", generator: "m")
            ),
            (
                #"{"instruction": "Sum up.", "input": "A tale.", "output": "Short."}"#,
                GivenPrompt(text: "Sum up.\n\nA tale.", response: "Short.")
            ),
            (#"{"prompt": "Why?", "response": "So."}"#, GivenPrompt(text: "Why?", response: "So.")),
            (#"{"prompt": "Why?", "completion": null}"#, GivenPrompt(text: "Why?")),
            (
                #"{"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]}"#,
                GivenPrompt(text: "Why?")
            ),
            (
                #"{"message_tree_id": "t", "prompt": {"message_id": "t", "text": "Why?", "replies": []}}"#,
                GivenPrompt(text: "Why?")
            ),
            (#"{"question": "Why?"}"#, GivenPrompt(text: "Why?")), (#"{"text": "Why?"}"#, GivenPrompt(text: "Why?")),
        ])
    func forms(text: String, prompt: GivenPrompt) throws {
        #expect(try read(text) == [prompt])
    }

    @Test(
        "what holds no prompt is refused with its place",
        arguments: [
            ("", "'p' holds no rows; give a file of prompts"), ("[]", "'p' holds no rows; give a file of prompts"),
            (
                #"{"prompt": "Why?"}"# + "\n" + #"{"answer": "So."}"#,
                "p:2: has no prompt: there is none of 'instruction', "
            ),
            (#"[{"prompt": "  "}]"#, "p, item 1: 'prompt' is empty"),
            (#"[{"prompt": 3}]"#, "p, item 1: 'prompt' must be a text or a list of messages, not an integer"),
            (#"[{"prompt": {"replies": []}}]"#, "p, item 1: 'text' is missing"),
            (#"[{"messages": [{"content": "Why?"}]}]"#, "p, item 1: a message of 'messages' has no 'role'"),
            (#"[{"instruction": "Why?", "output": ["So."]}]"#, "p, item 1: 'output' must be a string, not an array"),
            (
                #"{"message_id": "m", "text": "So.", "parent_id": "t"}"#,
                "p:1: is one message of a conversation; give "
            ),
            (#"[["Why?"]]"#, "p, item 1: is an array, not an object"),
        ])
    func refused(text: String, problem: String) throws {
        let error = try #require(throws: StageError.self) { try read(text) }
        #expect("\(error)".hasPrefix(problem), "\(error)")
    }

    private static let outputs = """
        [{"instruction": "Why?", "output": "So.", "generator": "m", "dataset": "koala"},
         {"instruction": "How?", "output": "Thus.", "generator": "m", "dataset": "vicuna"},
         {"instruction": "Why?", "output": "No.", "generator": "m", "dataset": "koala"},
         {"instruction": "Who?", "generator": "m"}]
        """

    private func run(
        _ harness: StageHarness, _ text: String, execution: ExecutionOptions = ExecutionOptions(),
        take: SplitSize = .rest
    ) async throws -> StageOutputs {
        try await harness.run(
            ImportPromptsStage.self, ["source": [try harness.blob(text)]], execution: execution
        ) { $0.take = take }
    }

    @Test("prompts, responses and where they are from; equal texts are told apart and warned of")
    func imports() async throws {
        let harness = try StageHarness()
        let outputs = try await run(harness, Self.outputs)
        let prompts = try harness.rows(outputs, "prompts", as: GeneratedPrompt.self)
        #expect(prompts.map(\.text) == ["Why?", "How?", "Why?", "Who?"])
        #expect(Set(prompts.map(\.id)).count == 4 && prompts.map(\.position) == [0, 0, 1, 0])
        let candidates = try harness.rows(outputs, "candidates", as: Candidate.self)
        #expect(candidates.map(\.text) == ["So.", "Thus.", "No."])
        #expect(candidates.map(\.promptID) == prompts.prefix(3).map(\.id))
        let origins = try harness.rows(outputs, "origins", as: PromptOrigin.self)
        #expect(origins.map(\.dataset) == ["koala", "vicuna", "koala", nil])
        #expect(harness.warnings == ["1 of 4 prompts repeat the text of another; each is kept"])
        #expect(outputs.summary["generator"] == .string("m"))
        #expect(outputs.summary["datasets"] == ["koala": .integer(2), "vicuna": .integer(1)])
        var other = ExecutionOptions()
        (other.threads, other.batchSize, other.shardSize) = (2, 1, .rows(1))
        #expect(try await run(harness, Self.outputs, execution: other).artifacts == outputs.artifacts)
    }

    @Test("the same prompts in another file, in another order, have the same ids, and the lot falls on the same")
    func comparable() async throws {
        let harness = try StageHarness()
        func taken(_ texts: [Int]) async throws -> Set<String> {
            let rows = texts.map { "{\"prompt\": \"Question \($0)?\"}" }.joined(separator: "\n")
            let outputs = try await run(harness, rows, take: .count(10))
            return Set(try harness.rows(outputs, "prompts", as: GeneratedPrompt.self).map(\.id))
        }
        let first = try await taken(Array(0..<40))
        #expect(first.count == 10)
        #expect(try await taken((0..<40).reversed()) == first)
    }

    @Test("more prompts than there are, or responses of several models, are refused")
    func hostile() async throws {
        let harness = try StageHarness()
        await #expect(
            throws: StageError.invalidParameter(
                stage: "import-prompts", name: "take", problem: "is 5, and there are 4 prompts")
        ) { try await run(harness, Self.outputs, take: .count(5)) }
        await #expect(
            throws: StageError.invalidParameter(
                stage: "import-prompts", name: "take", problem: "is 0: no prompt would be left")
        ) { try await run(harness, Self.outputs, take: .count(0)) }
        let two = #"[{"instruction": "a", "generator": "m"}, {"instruction": "b", "generator": "n"}]"#
        let error = await #expect(throws: StageError.self) { try await run(harness, two) }
        #expect(
            error?.description
                == "'source': the responses are of several models, 'm', 'n'; give each model's file to a stage of its own"
        )
    }

    private static let golden = [
        "candidates": "81ad1f549325", "origins": "0a804a02101d", "prompts": "f507de35c452",
    ]

    @Test("golden digests")
    func goldenDigests() async throws {
        let rows = (0..<6).map { #"{"instruction": "Question \#($0)?", "output": "Answer \#($0).", "dataset": "d"}"# }
        let outputs = try await run(try StageHarness(), rows.joined(separator: "\n"), take: .count(4))
        Golden(version: 1, digests: Self.golden).check(
            ImportPromptsStage.self, gives: outputs.artifacts.mapValues(\.digest.short))
    }

    @Test(
        "AlpacaEval's outputs of two models are about the same prompts",
        .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
    func alpacaEval() async throws {
        let harness = try StageHarness()
        func prompts(_ model: String) async throws -> [String] {
            let file = try harness.blob(file: SharedData.url("alpaca-eval/outputs/\(model).json"))
            let outputs = try await harness.run(ImportPromptsStage.self, ["source": [file]]) { $0.take = .count(256) }
            #expect(outputs.summary["rows"] == .integer(805) && outputs.summary["candidates"] == .integer(256))
            return try harness.rows(outputs, "prompts", as: GeneratedPrompt.self).map(\.id)
        }
        let baseline = try await prompts("text_davinci_003")
        #expect(Set(try await prompts("alpaca-7b")) == Set(baseline))
        #expect(Set(baseline).count == 256)
    }
}
