import Artifacts
import Pipeline
import Stages
import Testing

@Suite("The alpaca-eval stage")
struct MeasureAnnotationsStageTests {
    private static func row(
        _ preference: String, prompt: Int, dataset: String = "koala", model: String = "m", baseline: String = "b"
    ) -> String {
        """
        {"instruction": "Why \(prompt)?", "dataset": "\(dataset)", "output_1": "\(String(repeating: "a", count: prompt))", \
        "generator_1": "\(baseline)", "output_2": "Because.", "generator_2": "\(model)", "preference": \(preference)}
        """
    }

    private static let rows = [
        row("2", prompt: 3), row("1", prompt: 12), row("1.5", prompt: 6, dataset: "vicuna"), row("null", prompt: 9),
    ]

    private func run(
        _ harness: StageHarness, _ rows: [String], execution: ExecutionOptions = ExecutionOptions(),
        _ change: (inout MeasureAnnotationsStage.Parameters) -> Void = { _ in }
    ) async throws -> StageOutputs {
        try await harness.run(
            MeasureAnnotationsStage.self,
            ["annotations": [try harness.blob("[" + rows.joined(separator: ",") + "]")]], execution: execution
        ) {
            $0.resamples = 50
            change(&$0)
        }
    }

    @Test("gives the measurements of head-to-head, and the rate of each data set")
    func measures() async throws {
        let harness = try StageHarness()
        let outputs = try await run(harness, Self.rows)
        let measured = try harness.rows(outputs, "measurements", as: Measurement.self)
        let byName = Dictionary(uniqueKeysWithValues: measured.map { ($0.name, $0) })
        #expect(byName["win_rate"]?.value == 0.5 && byName["win_rate"]?.count == 3)
        #expect(byName["no_verdict"]?.value == 0.25 && byName["characters"]?.value == 8)
        #expect(byName["baseline_characters"]?.value == 7.5)
        #expect(byName["length_controlled_minimal"]?.count == 3)
        for name in ["discrete_win_rate", "wins", "no_verdict"] { #expect(byName[name]?.lower != nil, "\(name)") }
        #expect(byName["win_rate/dataset/koala"]?.value == 0.5 && byName["win_rate/dataset/koala"]?.count == 2)
        #expect(byName["win_rate/dataset/vicuna"]?.value == 0.5 && byName["win_rate/dataset/vicuna"]?.count == 1)
        #expect(outputs.summary["model"] == .string("m") && outputs.summary["baseline"] == .string("b"))
        #expect(outputs.summary["measurements"]?["win_rate"]?["count"] == .integer(3))
        var other = ExecutionOptions()
        (other.threads, other.batchSize, other.shardSize) = (2, 1, .rows(1))
        #expect(try await run(harness, Self.rows, execution: other).artifacts == outputs.artifacts)
    }

    @Test("of a file with several models one is measured, and it must be said which")
    func severalModels() async throws {
        let harness = try StageHarness()
        let rows = Self.rows + [Self.row("2", prompt: 4, model: "n")]
        let outputs = try await run(harness, rows) { $0.generator = "n" }
        #expect(outputs.summary["annotations"] == .integer(1) && outputs.summary["wins"] == .integer(1))
        let problems: [(wanted: String?, text: String)] = [
            (nil, "must say which model is meant; the annotations are of 'm', 'n'"),
            ("k", "is 'k'; the annotations are of 'm', 'n'"),
        ]
        for problem in problems {
            await #expect(
                throws: StageError.invalidParameter(stage: "alpaca-eval", name: "generator", problem: problem.text)
            ) { try await run(harness, rows) { $0.generator = problem.wanted } }
        }
    }

    @Test("no rows, several baselines: an error in words; no preference at all: a warning, and no number")
    func hostile() async throws {
        let harness = try StageHarness()
        await #expect(
            throws: StageError.unreadable(
                file: "annotations", problem: "hold no rows; give annotations of AlpacaEval")
        ) { try await run(harness, []) }
        await #expect(
            throws: StageError.unreadable(
                file: "annotations", problem: "compare 'm' with several baselines, 'b', 'c'; give those of one")
        ) { try await run(harness, Self.rows + [Self.row("2", prompt: 4, baseline: "c")]) }
        let outputs = try await run(harness, [Self.row("null", prompt: 3)])
        #expect(harness.warnings == ["no annotation has a preference; there is no win rate"])
        let measured = try harness.rows(outputs, "measurements", as: Measurement.self)
        #expect(measured.first?.name == "win_rate" && measured.first?.value == nil)
    }
}
