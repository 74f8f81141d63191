import Artifacts
import Foundation
import Pipeline
import Stages
import TestSupport

/// The stages of one iteration on a model with random weights, each run once, in a store of its own.
struct TinyLoop {
    let harness: StageHarness
    let execution: ExecutionOptions
    /// By `stage.port`.
    private(set) var artifacts: [String: ArtifactReference] = [:]
    private(set) var summaries: [String: JSONValue] = [:]

    init(execution: ExecutionOptions = ExecutionOptions()) throws {
        harness = try StageHarness()
        self.execution = execution
    }

    private func seed(_ name: String) -> URL { SharedData.repository.appending(path: "pipelines/data/\(name)") }

    func artifact(_ name: String) throws -> ArtifactReference {
        guard let artifact = artifacts[name] else { throw StageHarness.MissingOutput(port: name) }
        return artifact
    }

    func rows<R: Record>(_ name: String, as type: R.Type) throws -> [R] {
        try harness.store.reader(artifact(name), as: type).all()
    }

    mutating func run<S: Stage>(
        _ type: S.Type, as name: String, _ connections: [String: [ArtifactReference]],
        _ change: (inout S.Parameters) -> Void = { _ in }
    ) async throws {
        let outputs = try await harness.run(type, connections, execution: execution, change)
        for (port, reference) in outputs.artifacts { artifacts["\(name).\(port)"] = reference }
        summaries[name] = outputs.summary
    }

    /// Seeds, model and rubric.
    mutating func prepare() async throws {
        let trees = try harness.blob(file: seed("seed-trees.jsonl"))
        artifacts["rubric"] = try harness.blob("Rate.\nUser: {instruction}\n<response>{response}</response>\n")
        let examples = try String(contentsOf: seed("evaluation-examples.jsonl"), encoding: .utf8)
            .split(separator: "\n").prefix(12).joined(separator: "\n")
        try await run(
            PrepareSeedsStage.self, as: "seeds",
            ["trees": [trees], "evaluation-examples": [harness.blob(examples)], "rubric": [artifact("rubric")]]
        ) {
            $0.keepSynthetic = true
            ($0.ift, $0.rankingsTrain, $0.rankingsEval) = (.count(10), .count(2), .count(2))
        }
        try await run(MakeModelStage.self, as: "m0", ["text": [trees]]) {
            ($0.merges, $0.hiddenSize, $0.intermediateSize, $0.heads) = (60, 32, 48, 2)
        }
    }

    mutating func fineTune() async throws {
        try await run(
            FineTuneStage.self, as: "m1",
            [
                "model": [artifact("m0.model")], "examples": [artifact("seeds.examples")],
                "judge-examples": [artifact("seeds.judge-examples")],
            ]
        ) { ($0.learningRate, $0.finalLearningRate, $0.batchSize, $0.maxTokens) = (3e-3, 1e-3, 4, 900) }
    }

    /// Fine-tunes M0 on the seed examples, in the staging folder of `key`; stopped after so many reports of progress.
    func train(
        key: String, stopAfter: Int = .max, _ change: (inout FineTuneStage.Parameters) -> Void
    ) async throws -> StageOutputs {
        try await harness.run(
            FineTuneStage.self,
            ["model": [artifact("m0.model")], "examples": [artifact("seeds.examples")]], key: key,
            stopAfter: stopAfter, change)
    }

    mutating func writeTasks(as name: String, requests: Int = 8, heldOut: [ArtifactReference] = []) async throws {
        try await run(
            WriteTasksStage.self, as: name,
            ["model": [artifact("m1.model")], "examples": [artifact("seeds.examples")], "held-out": heldOut]
        ) {
            ($0.prompts, $0.maxTokens, $0.requestsPerRound, $0.maxRounds) = (6, 48, requests, 2)
            // A model that knows nothing writes what no filter would let pass but these.
            ($0.temperature, $0.keepCompleteTasks, $0.asciiStart) = (1, true, false)
        }
    }

    mutating func writeAndJudge() async throws {
        try await writeTasks(as: "prompts")
        try await run(
            SampleResponsesStage.self, as: "candidates",
            ["model": [artifact("m1.model")], "prompts": [promptsToAnswer()]]
        ) { ($0.samples, $0.maxTokens) = (3, 12) }
        try await run(
            JudgeResponsesStage.self, as: "judgements",
            [
                "model": [artifact("m1.model")], "candidates": [artifact("candidates.candidates")],
                "rubric": [artifact("rubric")], "judge-examples": [artifact("seeds.judge-examples")],
            ]
        ) { ($0.samples, $0.maxTokens, $0.scoring, $0.workedExamples) = (2, 12, .expected, 2) }
    }

    /// Some prompts of known text: whether a random model's own pass the filters is chance.
    private func promptsToAnswer() throws -> ArtifactReference {
        try harness.artifact(
            (0..<5).map { index in
                GeneratedPrompt(
                    text: "Name \(index + 2) rivers.", demonstrations: [], round: 0, request: index, position: 0)
            })
    }

    mutating func pairAndTrain() async throws {
        try await run(
            PairResponsesStage.self, as: "pairs",
            ["candidates": [artifact("candidates.candidates")], "judgements": [artifact("judgements.judgements")]])
        try await run(
            ScoreReferenceStage.self, as: "reference",
            ["model": [artifact("m1.model")], "pairs": [artifact("pairs.pairs")]])
        try await run(
            PreferenceTrainingStage.self, as: "m2",
            [
                "model": [artifact("m1.model")], "pairs": [artifact("pairs.pairs")],
                "reference-logps": [artifact("reference.reference-logps")],
            ]
        ) { ($0.learningRate, $0.finalLearningRate, $0.dropout, $0.batchSize, $0.epochs) = (1e-3, 1e-4, 0, 8, 2) }
    }

    mutating func judgeRankings() async throws {
        try await run(
            FilterJudgementsStage.self, as: "eft",
            [
                "model": [artifact("m1.model")], "rankings": [artifact("seeds.rankings-train")],
                "rubric": [artifact("rubric")],
            ]
        ) { ($0.attempts, $0.maxTokens, $0.scoring) = (2, 8, .expected) }
        try await run(
            EvaluateJudgeStage.self, as: "quality",
            [
                "model": [artifact("m2.model")], "rankings": [artifact("seeds.rankings-eval")],
                "rubric": [artifact("rubric")],
            ]
        ) { ($0.samples, $0.maxTokens, $0.resamples) = (2, 8, 100) }
        try await run(
            LikelihoodBaselineStage.self, as: "likelihood",
            ["model": [artifact("m0.model")], "rankings": [artifact("seeds.rankings-eval")]]
        ) { $0.resamples = 100 }
        try await run(
            CompareJudgesStage.self, as: "judges",
            [
                "rankings": [artifact("seeds.rankings-eval")], "judgements": [artifact("quality.judgements")],
                "against": [artifact("likelihood.judgements")], "rubric": [artifact("rubric")],
            ]
        ) { ($0.resamples, $0.permutations) = (100, 100) }
    }

    /// Everything, in order.
    static func run(execution: ExecutionOptions = ExecutionOptions()) async throws -> TinyLoop {
        var loop = try TinyLoop(execution: execution)
        try await loop.prepare()
        try await loop.fineTune()
        try await loop.writeAndJudge()
        try await loop.pairAndTrain()
        try await loop.judgeRankings()
        return loop
    }
}
