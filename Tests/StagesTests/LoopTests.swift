import Artifacts
import Foundation
import Model
import Pipeline
import Stages
import Testing

@Suite("One iteration on a tiny model")
struct LoopTests {
    @Test("every stage writes its artifacts, rows refer to rows before them, and the first DPO loss is ln 2")
    func wholeIteration() async throws {
        let loop = try await TinyLoop.run()
        let candidates = try loop.rows("candidates.candidates", as: Candidate.self)
        #expect(candidates.count == 15 && Set(candidates.map(\.id)).count == 15)
        let judgements = try loop.rows("judgements.judgements", as: Judgement.self)
        #expect(judgements.map(\.candidateID) == candidates.map(\.id))
        // Expected scores exist wherever the context has room, and lie on the scale.
        #expect(judgements.allSatisfy { $0.parsed == 2 && (0...5).contains($0.score ?? -1) })
        let pairs = try loop.rows("pairs.pairs", as: PreferencePair.self)
        #expect(!pairs.isEmpty && pairs.allSatisfy { ($0.scoreGap ?? 0) > 0 })
        let reference = try loop.rows("reference.reference-logps", as: ReferenceLogProbabilities.self)
        #expect(reference.map(\.id) == pairs.map(\.id) && reference.allSatisfy { $0.chosen < 0 })
        let log = try loop.rows("m2.training-log", as: TrainingStep.self)
        // Policy and reference come from one code path, and dropout is off: the margin is 0 exactly.
        #expect(abs(try #require(log.first?.metrics["loss"]) - log2e) < 1e-12)
        #expect(log.first?.metrics["rewards/margins"] == 0 && log.first?.metrics["rewards/accuracies"] == 0)
        let names = try loop.rows("quality.measurements", as: Measurement.self).map(\.name)
        #expect(
            Set(names).isSuperset(of: ["pairwise_accuracy", "five_best", "exact_match", "spearman", "kendall_tau_b"]))
        #expect(try loop.rows("eft.ledger", as: LedgerEntry.self).count >= 2)
        let replies = try loop.rows("prompts.replies", as: TaskReply.self)
        #expect(replies.allSatisfy { $0.demonstrations.count == 8 })
    }

    /// ln 2
    private let log2e = 0.693_147_180_559_945_3

    @Test("a task like a held-out prompt is dropped, and the ledger names the prompt")
    func heldOutPrompts() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        try await loop.fineTune()
        // Many requests: few pieces of what a random model writes pass the filters.
        try await loop.writeTasks(as: "free", requests: 400)
        let written = try #require(try loop.rows("free.prompts", as: GeneratedPrompt.self).first)
        let ranking = Ranking(tree: "t", prompt: written.text, responses: [])
        try await loop.writeTasks(as: "held", requests: 400, heldOut: [loop.harness.artifact([ranking])])
        #expect(try !loop.rows("held.prompts", as: GeneratedPrompt.self).map(\.text).contains(written.text))
        let ledger = try loop.rows("held.ledger", as: LedgerEntry.self)
        #expect(ledger.contains { $0.reason == "duplicate" && $0.detail.hasPrefix("of \(ranking.id): ") })
    }

    @Test("what was not generated is not judged and has no score; an answer that the model ended is, even if empty")
    func missingResponses() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let candidates = [("p", 0, Finish.doesNotFit, ""), ("p", 1, .length, " "), ("p", 2, .stop, "")].map {
            Candidate(promptID: $0.0, prompt: "Name a river.", index: $0.1, text: $0.3, tokens: 0, finish: $0.2)
        }
        try await loop.run(
            JudgeResponsesStage.self, as: "judgements",
            [
                "model": [loop.artifact("m0.model")], "candidates": [loop.harness.artifact(candidates)],
                "rubric": [loop.artifact("rubric")],
            ]
        ) { ($0.samples, $0.maxTokens, $0.scoring) = (2, 4, .expected) }
        let judgements = try loop.rows("judgements.judgements", as: Judgement.self)
        #expect(judgements.map(\.candidateID) == candidates.map(\.id))
        #expect(judgements.map(\.verdicts.count) == [0, 0, 2])
        #expect(judgements.map { $0.score == nil } == [true, true, false])
    }

    @Test("threads, batch and shard sizes change no digest")
    func executionChangesNothing() async throws {
        let plain = try await TinyLoop.run(
            execution: ExecutionOptions(threads: 1, shardSize: .rows(.max), batchSize: .max))
        let other = try await TinyLoop.run(
            execution: ExecutionOptions(threads: 2, shardSize: .rows(2), batchSize: 3))
        #expect(plain.artifacts == other.artifacts)
    }

    @Test(
        "a training that is stopped goes on from its checkpoint to the same model and log",
        arguments: Precision.allCases)
    func trainingResumes(precision: Precision) async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        func train(key: String, stopAfter: Int = .max) async throws -> StageOutputs {
            try await loop.train(key: key, stopAfter: stopAfter) {
                ($0.batchSize, $0.epochs, $0.learningRate, $0.finalLearningRate) = (2, 2, 1e-3, 1e-4)
                $0.precision = precision
            }
        }
        let undisturbed = try await train(key: "whole")
        for _ in 0..<3 {
            await #expect(throws: CancellationError.self) { try await train(key: "stopped", stopAfter: 3) }
        }
        // Three steps were taken each time: nine of ten, so one is left.
        let resumed = try await train(key: "stopped")
        #expect(resumed.artifacts == undisturbed.artifacts)
        #expect(undisturbed.artifacts["training-log"]?.rows == 10)
    }

    @Test(
        "a preference training that is stopped goes on from its checkpoint to the same model and log",
        arguments: Precision.allCases)
    func preferenceTrainingResumes(precision: Precision) async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let harness = loop.harness, model = try loop.artifact("m0.model")
        let pairs = try harness.artifact(
            (0..<5).map { number in
                let both = ["Yes.", "No, \(number) of them."].enumerated().map { index, text in
                    Candidate(
                        promptID: "p\(number)", prompt: "Name \(number + 2) rivers.", index: index, text: text,
                        tokens: 1, finish: .stop)
                }
                return PreferencePair(chosen: both[0], score: 5, rejected: both[1], score: 1)
            })
        let scores = try await harness.run(ScoreReferenceStage.self, ["model": [model], "pairs": [pairs]]) {
            $0.precision = precision
        }
        let reference = try #require(scores.artifacts["reference-logps"])
        func train(key: String, stopAfter: Int = .max) async throws -> StageOutputs {
            try await harness.run(
                PreferenceTrainingStage.self,
                ["model": [model], "pairs": [pairs], "reference-logps": [reference]], key: key, stopAfter: stopAfter
            ) {
                ($0.batchSize, $0.epochs, $0.learningRate, $0.finalLearningRate) = (2, 2, 1e-3, 1e-4)
                $0.precision = precision
            }
        }
        let undisturbed = try await train(key: "whole")
        await #expect(throws: CancellationError.self) { try await train(key: "stopped", stopAfter: 1) }
        await #expect(throws: CancellationError.self) { try await train(key: "stopped", stopAfter: 3) }
        // Four of six steps were taken: a part of the second epoch is left.
        let resumed = try await train(key: "stopped")
        #expect(resumed.artifacts == undisturbed.artifacts)
        #expect(undisturbed.artifacts["training-log"]?.rows == 6)
    }

    @Test(
        "checkpoints that cannot be written are warned of: they neither end a training nor hide that it was stopped")
    func checkpointsCannotBeWritten() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let harness = loop.harness
        func train(key: String, stopAfter: Int = .max) async throws -> StageOutputs {
            try await loop.train(key: key, stopAfter: stopAfter) { $0.batchSize = 4 }
        }
        let undisturbed = try await train(key: "whole")
        #expect(harness.warnings.isEmpty)
        let folder = harness.stagingFolder("stopped")
        harness.onProgress = { _ in try? FileManager.default.removeItem(at: folder) }
        await #expect(throws: CancellationError.self) { try await train(key: "stopped", stopAfter: 2) }
        harness.onProgress = { _ in }
        let warnings = harness.warnings
        // A busy machine may find one due after the first step already.
        #expect(warnings.last?.contains(#/^the training's checkpoint at step [12] cannot be written: /#) == true)
        #expect(try await train(key: "stopped").artifacts == undisturbed.artifacts)

        // Steps so slow that a checkpoint is due after each one.
        let other = harness.stagingFolder("slow")
        harness.onProgress = { _ in
            try? FileManager.default.removeItem(at: other)
            Thread.sleep(forTimeInterval: 0.2)
        }
        let slow = try await train(key: "slow")
        #expect(slow.artifacts == undisturbed.artifacts)
        // One warning, however many could not be written.
        #expect(harness.warnings.count == warnings.count + 1)
    }

    @Test(
        "a sampling that is stopped between shards keeps those it has, and ends with the same candidates",
        arguments: Precision.allCases)
    func samplingResumes(precision: Precision) async throws {
        var loop = try TinyLoop(execution: ExecutionOptions(shardSize: .rows(1)))
        try await loop.prepare()
        let (harness, model, execution) = (loop.harness, try loop.artifact("m0.model"), loop.execution)
        let prompts = try harness.artifact(
            (0..<4).map {
                GeneratedPrompt(
                    text: "Name \($0 + 2) rivers.", demonstrations: [], round: 0, request: $0, position: 0)
            })
        func sample(key: String, stopAfter: Int = .max) async throws -> StageOutputs {
            try await harness.run(
                SampleResponsesStage.self, ["model": [model], "prompts": [prompts]], execution: execution, key: key,
                stopAfter: stopAfter
            ) { ($0.maxTokens, $0.precision) = (6, precision) }
        }
        let undisturbed = try await sample(key: "whole")
        await #expect(throws: CancellationError.self) { try await sample(key: "stopped", stopAfter: 1) }
        #expect(try await sample(key: "stopped").artifacts == undisturbed.artifacts)
    }
}
