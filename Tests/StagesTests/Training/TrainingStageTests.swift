import Artifacts
import Foundation
import Model
import Pipeline
import Stages
import Testing

@Suite("Training stages")
struct TrainingStageTests {
    @Test("dpo with no pairs passes the model on unchanged, and warns")
    func noPairs() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let model = try loop.artifact("m0.model")
        let outputs = try await loop.harness.run(
            PreferenceTrainingStage.self,
            [
                "model": [model], "pairs": [try loop.harness.artifact([PreferencePair]())],
                "reference-logps": [try loop.harness.artifact([ReferenceLogProbabilities]())],
            ])
        #expect(outputs.artifacts["model"] == model && outputs.artifacts["training-log"]?.rows == 0)
        #expect(outputs.blobs.count == 4)
        #expect(loop.harness.warnings == ["no pairs to learn from; the model is passed on unchanged"])
    }

    @Test("sft without examples is an error with a remedy")
    func noExamples() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let (harness, model) = (loop.harness, try loop.artifact("m0.model"))
        await #expect(throws: StageError.nothingToTrainOn(stage: "sft")) {
            try await harness.run(
                FineTuneStage.self, ["model": [model], "examples": [try harness.artifact([SeedExample]())]])
        }
    }

    @Test("the loss is on the reply alone, its closing token included: that which the reference finds for it")
    func lossOnTargets() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let (harness, model) = (loop.harness, try loop.artifact("m0.model"))
        let prompt = "Hi. " + String(repeating: "Again, ", count: 40)
        let tuned = try await harness.run(
            FineTuneStage.self,
            [
                "model": [model],
                "examples": [try harness.artifact([SeedExample(tree: "t", prompt: prompt, response: "Yes.")])],
            ]
        ) { $0.dropout = 0 }
        let log = try harness.rows(tuned, "training-log", as: TrainingStep.self)
        let both = ["Yes.", "No, never."].enumerated().map { index, text in
            Candidate(promptID: "p", prompt: prompt, index: index, text: text, tokens: 1, finish: .stop)
        }
        let pair = PreferencePair(chosen: both[0], score: 5, rejected: both[1], score: 1)
        let scored = try await harness.run(
            ScoreReferenceStage.self, ["model": [model], "pairs": [try harness.artifact([pair])]])
        let reference = try #require(
            try harness.rows(scored, "reference-logps", as: ReferenceLogProbabilities.self).first)
        // The mean over the reply's tokens against their sum; each log-probability is rounded to single precision.
        let mean = -reference.chosen / Double(reference.chosenTokens)
        #expect(abs(try #require(log.first?.metrics["loss"]) - mean) < 1e-5 * mean)
        // A byte or more each, and the closing token.
        #expect((2...5).contains(reference.chosenTokens) && reference.rejectedTokens > reference.chosenTokens)
    }

    @Test("the closing token of a response that was cut off is neither scored by the reference nor learned by dpo")
    func cutOffResponses() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let (harness, model) = (loop.harness, try loop.artifact("m0.model"))
        func pair(_ finish: Finish) -> PreferencePair {
            let both = ["Yes.", "No, never."].enumerated().map { index, text in
                Candidate(
                    promptID: "p", prompt: "Hi.", index: index, text: text, tokens: 1,
                    finish: index == 0 ? finish : .stop)
            }
            return PreferencePair(chosen: both[0], score: 5, rejected: both[1], score: 1)
        }
        func score(_ finish: Finish) async throws -> (pairs: ArtifactReference, rows: ArtifactReference) {
            let pairs = try harness.artifact([pair(finish)])
            let outputs = try await harness.run(ScoreReferenceStage.self, ["model": [model], "pairs": [pairs]])
            return (pairs, try #require(outputs.artifacts["reference-logps"]))
        }
        func row(_ reference: ArtifactReference) throws -> ReferenceLogProbabilities {
            try #require(try harness.store.reader(reference, as: ReferenceLogProbabilities.self).all().first)
        }
        let whole = try await score(.stop), cut = try await score(.length)
        let (ended, open) = (try row(whole.rows), try row(cut.rows))
        #expect(open.chosenTokens == ended.chosenTokens - 1 && open.chosen > ended.chosen)
        #expect(open.rejectedTokens == ended.rejectedTokens && open.rejected == ended.rejected)
        func train(_ pairs: ArtifactReference, _ rows: ArtifactReference) async throws -> StageOutputs {
            try await harness.run(
                PreferenceTrainingStage.self, ["model": [model], "pairs": [pairs], "reference-logps": [rows]]
            ) { $0.dropout = 0 }
        }
        let log = try harness.rows(
            try await train(cut.pairs, cut.rows), "training-log", as: TrainingStep.self)
        // The policy's log-probability of the same tokens, and so a margin of 0.
        #expect(log.first?.metrics["rewards/margins"] == 0)
        await #expect(throws: StageError.referenceMismatch(pair: pair(.length).id)) {
            try await train(cut.pairs, whole.rows)
        }
    }

    @Test("the precision reaches the arithmetic of every stage with a model, and dpo wants its reference in its own")
    func precision() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let (harness, model) = (loop.harness, try loop.artifact("m0.model"))
        let both = ["Yes.", "No, never."].enumerated().map { index, text in
            Candidate(promptID: "p", prompt: "Hi.", index: index, text: text, tokens: 1, finish: .stop)
        }
        let pairs = try harness.artifact([PreferencePair(chosen: both[0], score: 5, rejected: both[1], score: 1)])
        let examples = try harness.artifact([SeedExample(tree: "t", prompt: "Hi.", response: "Yes.")])
        let candidates = try harness.artifact(both), rubric = try loop.artifact("rubric")
        var references: [ArtifactReference] = [], tuned: [ArtifactReference] = [], judged: [ArtifactReference] = []
        for precision in Precision.allCases {
            let scores = try await harness.run(ScoreReferenceStage.self, ["model": [model], "pairs": [pairs]]) {
                $0.precision = precision
            }
            references.append(try #require(scores.artifacts["reference-logps"]))
            let trained = try await harness.run(
                FineTuneStage.self, ["model": [model], "examples": [examples]]
            ) { $0.precision = precision }
            tuned.append(try #require(trained.artifacts["model"]))
            // The expectation of the score shows what a reply of few tokens may hide.
            let judgements = try await harness.run(
                JudgeResponsesStage.self, ["model": [model], "candidates": [candidates], "rubric": [rubric]]
            ) { ($0.samples, $0.maxTokens, $0.scoring, $0.precision) = (1, 4, .expected, precision) }
            judged.append(try #require(judgements.artifacts["judgements"]))
        }
        for results in [references, tuned, judged] { #expect(Set(results).count == Precision.allCases.count) }
        for (policy, reference) in [(0, 1), (1, 0), (1, 1)] {
            func train() async throws -> StageOutputs {
                try await harness.run(
                    PreferenceTrainingStage.self,
                    ["model": [model], "pairs": [pairs], "reference-logps": [references[reference]]]
                ) { $0.precision = Precision.allCases[policy] }
            }
            if policy == reference {
                _ = try await train()
            } else {
                let names = (Precision.allCases[reference].rawValue, Precision.allCases[policy].rawValue)
                await #expect(throws: StageError.referencePrecision(reference: names.0, policy: names.1)) {
                    try await train()
                }
            }
        }
    }

    @Test("validation rows are measured when due and at the end, and change no weight")
    func validation() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let (harness, model) = (loop.harness, try loop.artifact("m0.model"))
        let examples = (0..<6).map { SeedExample(tree: "\($0)", prompt: "Say \($0).", response: "It is \($0).") }
        let learned = try harness.artifact(Array(examples[..<4])), held = try harness.artifact(Array(examples[4...]))
        func tune(_ inputs: [String: [ArtifactReference]], every: Int?) async throws -> StageOutputs {
            try await harness.run(
                FineTuneStage.self, inputs.merging(["model": [model], "examples": [learned]]) { first, _ in first }
            ) { ($0.batchSize, $0.epochs, $0.precision, $0.evaluateEvery) = (1, 2, .single, every) }
        }
        let plain = try await tune([:], every: nil), watched = try await tune(["validation": [held]], every: 3)
        #expect(plain.artifacts["model"] == watched.artifacts["model"])
        let log = try harness.rows(watched, "training-log", as: TrainingStep.self)
        #expect(log.filter { $0.metrics["eval_loss"] != nil }.map(\.step) == [3, 6, 8])
        #expect(log.allSatisfy { $0.metrics["loss"] != nil })
        let atEnd = try harness.rows(
            try await tune(["validation": [held]], every: nil), "training-log", as: TrainingStep.self)
        #expect(atEnd.filter { $0.metrics["eval_loss"] != nil }.map(\.step) == [8])
        #expect(atEnd.last?.metrics["eval_loss"] == log.last?.metrics["eval_loss"])
    }

    @Test("a training stopped while it is evaluated goes on as if it had not been")
    func stoppedValidation() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let (harness, model) = (loop.harness, try loop.artifact("m0.model"))
        let examples = try harness.artifact(
            (0..<3).map { SeedExample(tree: "\($0)", prompt: "Say \($0).", response: "It is \($0).") })
        func tune(key: String, stopAfter: Int) async throws -> StageOutputs {
            try await harness.run(
                FineTuneStage.self, ["model": [model], "examples": [examples], "validation": [examples]], key: key,
                stopAfter: stopAfter
            ) { ($0.batchSize, $0.epochs, $0.precision, $0.evaluateEvery) = (1, 2, .single, 1) }
        }
        let whole = try await tune(key: "whole", stopAfter: .max)
        // Progress is reported behind each step, so the stop is noticed by the evaluation that follows it.
        for steps in 1...3 { _ = try? await tune(key: "stopped", stopAfter: steps) }
        let resumed = try await tune(key: "stopped", stopAfter: .max)
        #expect(whole.artifacts == resumed.artifacts)
    }

    @Test("a checkpoint is read as it was written, and exported as a Hugging Face folder")
    func checkpoints() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let reference = try loop.artifact("m0.model")
        let model = try Checkpoint.load(reference, from: loop.harness.store)
        #expect(model.chatTemplate == .chatML)
        let folder = FileManager.default.temporaryDirectory.appending(path: "export-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let names = try Checkpoint.export(reference, from: loop.harness.store, to: folder)
        #expect(Set(names) == ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"])
        let again = try PretrainedModel(huggingFace: folder)
        let same = model.model.parameters.withUnsafeBufferPointer { first in
            again.model.parameters.withUnsafeBufferPointer { first.elementsEqual($0) }
        }
        #expect(same && again.chatTemplate == .chatML && again.tokenizer.definition == model.tokenizer.definition)
    }

    @Test("parameters that cannot be are refused before anything runs, under their names in pipeline files")
    func parameters() {
        var tuning = FineTuneStage.Parameters()
        tuning.learningRate = -1
        #expect(
            throws: StageError.invalidParameter(
                stage: "sft", name: "learning_rate", problem: "is -1.0; it must be positive")
        ) { try FineTuneStage(parameters: tuning) }
        var preference = PreferenceTrainingStage.Parameters()
        preference.loss = "sigmod"
        #expect(throws: StageError.self) { try PreferenceTrainingStage(parameters: preference) }
        for evaluateEvery in [0, -3] {
            preference = .init()
            preference.evaluateEvery = evaluateEvery
            #expect(throws: StageError.self) { try PreferenceTrainingStage(parameters: preference) }
            tuning = .init()
            tuning.evaluateEvery = evaluateEvery
            #expect(throws: StageError.self) { try FineTuneStage(parameters: tuning) }
        }
        tuning = .init()
        tuning.loraAlpha = 16
        #expect(
            throws: StageError.invalidParameter(
                stage: "sft", name: "lora_alpha", problem: "means nothing without 'lora_rank'")
        ) { try FineTuneStage(parameters: tuning) }
        preference = .init()
        preference.beta = 0
        #expect(
            throws: StageError.invalidParameter(stage: "dpo", name: "beta", problem: "is 0.0; it must be positive")
        ) {
            try PreferenceTrainingStage(parameters: preference)
        }
    }

    @Test("the defaults are the paper's")
    func defaults() {
        let tuning = FineTuneStage.Parameters(), preference = PreferenceTrainingStage.Parameters()
        #expect(tuning.learningRate == 5.5e-6 && tuning.finalLearningRate == 1.1e-6)
        #expect(tuning.batchSize == 16 && tuning.dropout == 0.1 && tuning.schedule == .cosine)
        #expect(preference.learningRate == 1e-6 && preference.finalLearningRate == 1e-7)
        #expect(preference.batchSize == 16 && preference.dropout == 0.1 && preference.beta == 0.1)
        let sample = SampleResponsesStage.Parameters(), judge = JudgeResponsesStage.Parameters()
        #expect(sample.samples == 4 && sample.temperature == 0.7 && sample.topP == 0.9)
        #expect(judge.samples == 3 && judge.temperature == 0.7 && judge.topP == 0.9 && judge.scoring == .sampled)
        let tasks = WriteTasksStage.Parameters()
        #expect(tasks.temperature == 0.6 && tasks.topP == 0.9 && tasks.demonstrations == 8)
        #expect(tasks.ownDemonstrations == 2 && tasks.maxSimilarity == 0.7)
    }
}
