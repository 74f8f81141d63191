import Pipeline
import Stages
import Testing

@Suite("Results by what the prompts are from")
struct OriginBreakDownTests {
    @Test("win rates of each data set, and the share of prompts that no file said it of")
    func byDataset() async throws {
        let harness = try StageHarness()
        func candidates(_ suffix: String) async throws -> StageOutputs {
            let rows = ["koala", "koala", "vicuna", nil].enumerated().map { index, dataset in
                let origin = dataset.map { ", \"dataset\": \"\($0)\"" } ?? ""
                return "{\"instruction\": \"Question \(index)?\", \"output\": \"\(suffix) \(index)\"\(origin)}"
            }
            let source = try harness.blob(rows.joined(separator: "\n"))
            return try await harness.run(ImportPromptsStage.self, ["source": [source]])
        }
        let new = try await candidates("new"), old = try await candidates("old")
        let pairs = zip(
            try harness.rows(new, "candidates", as: Candidate.self),
            try harness.rows(old, "candidates", as: Candidate.self))
        // The first is lost, the others are won.
        let judgements = pairs.enumerated().map { index, pair in
            PairwiseJudgement(
                ResponseMatch(first: pair.0, second: pair.1),
                replies: [.firstThenSecond, .secondThenFirst].map {
                    .init(shown: $0, raw: "", finish: .stop, value: index == 0 ? 0 : 1, reason: nil)
                })
        }
        let origins = try #require(new.artifacts["origins"])
        let outputs = try await harness.run(
            BreakDownStage.self, ["judgements": [try harness.artifact(judgements)], "labels": [origins]]
        ) { $0.resamples = 40 }
        let found = try harness.rows(outputs, "measurements", as: Measurement.self)
        let values = Dictionary(uniqueKeysWithValues: found.map { ($0.name, $0.value) })
        #expect(
            values == [
                "win_rate": 0.75, "win_rate/dataset/koala": 0.5, "win_rate/dataset/vicuna": 1,
                "unlabelled/dataset": 0.25,
            ])
    }
}
