import Artifacts
import Model
import Pipeline
import Stages
import Testing

@Suite("Early stopping by comparing checkpoints")
struct EarlyStoppingTests {
    /// A model, pairs, and what the contest of its checkpoints needs.
    private struct Place {
        let loop: TinyLoop
        let inputs: [String: [ArtifactReference]]

        init() async throws {
            var loop = try TinyLoop()
            try await loop.prepare()
            let harness = loop.harness, model = try loop.artifact("m0.model")
            let pairs = (0..<6).map { index in
                let texts = ["Yes, gladly: \(index).", "No \(index)"].enumerated().map { place, text in
                    Candidate(
                        promptID: "p\(index)", prompt: "Name \(index) rivers.", index: place, text: text, tokens: 4,
                        finish: .stop)
                }
                return PreferencePair(chosen: texts[0], score: 5, rejected: texts[1], score: 1)
            }
            let artifact = try harness.artifact(pairs)
            let reference = try await harness.run(
                ScoreReferenceStage.self, ["model": [model], "pairs": [artifact]])
            let prompts = (0..<4).map {
                GeneratedPrompt(text: "Name \($0) hills.", demonstrations: [], round: 0, request: $0, position: 0)
            }
            inputs = [
                "model": [model], "pairs": [artifact],
                "reference-logps": [try #require(reference.artifacts["reference-logps"])],
                "stopping-prompts": [try harness.artifact(prompts)], "stopping-judge": [model],
                "stopping-rubric": [try harness.blob("Rate.\n{instruction}\n{response}\n")],
            ]
            self.loop = loop
        }

        func train(
            seed: UInt64 = 1, key: String, stopAfter: Int = .max, stopping: Bool = true,
            _ change: (inout PreferenceTrainingStage.Parameters) -> Void = { _ in }
        ) async throws -> StageOutputs {
            let inputs = stopping ? inputs : inputs.filter { !$0.key.hasPrefix("stopping") }
            return try await loop.harness.run(
                PreferenceTrainingStage.self, inputs, seed: seed, key: key, stopAfter: stopAfter
            ) {
                Self.settings(&$0)
                $0.stopping.scoring = .expected
                change(&$0)
            }
        }

        static func settings(_ parameters: inout PreferenceTrainingStage.Parameters) {
            (parameters.learningRate, parameters.finalLearningRate) = (3e-3, 1e-3)
            (parameters.batchSize, parameters.epochs) = (2, 3)
            (parameters.schedule, parameters.dropout) = (.constant, 0)
            (parameters.stopping.every, parameters.stopping.maxTokens) = (2, 8)
            parameters.stopping.verdictTokens = 4
        }
    }

    @Test("the model is the last checkpoint that won, to the bit", arguments: [1, 2, 3, 4] as [UInt64])
    func models(seed: UInt64) async throws { _ = try await model(seed: seed) }

    @Test("by a judge that prefers the newer answers a while, and then the older ones")
    func rises() async throws {
        // Asked one by one, it is shown the newer of two answers first.
        let server = try FakeChatServer { _, number in
            .reply("So.\n\nScore: \((number % 2 == 0) == (number < 16) ? 5 : 1)")
        }
        let place = try await Place()
        let served = try await place.loop.harness.run(ConnectModelStage.self, [:]) { $0.url = server.url }
        var execution = ExecutionOptions()
        execution.batchSize = 1
        let inputs = place.inputs.merging(
            ["stopping-judge": [try #require(served.artifacts["model"])]]) { _, new in new }
        let outputs = try await place.loop.harness.run(
            PreferenceTrainingStage.self, inputs, execution: execution, Place.settings)
        let chosen = Int(try #require(outputs.summary["stopping"]?["chosen_step"]?.doubleValue))
        #expect(chosen >= 2 && outputs.summary["reproducible"] == .bool(false))
        #expect(try #require(outputs.summary["stopping"]?["checkpoints"]?.arrayValue).count * 2 == chosen + 2)
        let plain = try await place.train(key: "b", stopping: false) { $0.maxSteps = chosen }
        #expect(outputs.artifacts["model"] == plain.artifacts["model"])
    }

    private func model(seed: UInt64) async throws -> Int {
        let place = try await Place(), harness = place.loop.harness
        let outputs = try await place.train(seed: seed, key: "a")
        let stopping = try #require(outputs.summary["stopping"])
        let chosen = Int(try #require(stopping["chosen_step"]?.doubleValue))
        let rounds = try #require(stopping["checkpoints"]?.arrayValue)
        // All rounds but the last were won, and the last one was unless training was ended.
        for round in rounds.dropLast() {
            #expect(try #require(round["wins"]?.doubleValue) > (try #require(round["losses"]?.doubleValue)))
        }
        let steps = try harness.rows(outputs, "training-log", as: TrainingStep.self).count
        #expect(rounds.last?["step"]?.doubleValue == Double(steps))
        if chosen == 0 {
            #expect(outputs.artifacts["model"] == place.inputs["model"]?[0])
        } else {
            let plain = try await place.train(seed: seed, key: "b", stopping: false) { $0.maxSteps = chosen }
            #expect(outputs.artifacts["model"] == plain.artifacts["model"])
        }
        let responses = try harness.rows(outputs, "stopping-responses", as: Candidate.self)
        #expect(responses.count == 4 * (rounds.count + 1) && Set(responses.map(\.id)).count == responses.count)
        let verdicts = try harness.rows(outputs, "stopping-verdicts", as: PairwiseJudgement.self)
        #expect(verdicts.count == 4 * rounds.count)
        #expect(Set(verdicts.flatMap { [$0.firstID, $0.secondID] }).isSubset(of: Set(responses.map(\.id))))
        return chosen
    }

    @Test("held-out metrics are taken at every checkpoint: whichever is kept has them")
    func heldOutMetrics() async throws {
        let place = try await Place()
        let pairs = try #require(place.inputs["pairs"])
        let inputs = place.inputs.merging(["validation-pairs": pairs]) { first, _ in first }
        let outputs = try await place.loop.harness.run(PreferenceTrainingStage.self, inputs) {
            ($0.learningRate, $0.finalLearningRate, $0.batchSize, $0.epochs, $0.dropout) = (1e-12, 1e-12, 2, 3, 0)
            ($0.stopping.every, $0.stopping.maxTokens, $0.stopping.verdictTokens) = (2, 8, 4)
            $0.stopping.scoring = .expected
        }
        let log = try place.loop.harness.rows(outputs, "training-log", as: TrainingStep.self)
        #expect(log.count == 2 && log[1].metrics["eval_loss"] != nil && log[0].metrics["eval_loss"] == nil)
    }

    @Test("a judge that names nobody ends nothing: training goes on, and that is said")
    func silentJudge() async throws {
        let place = try await Place()
        let outputs = try await place.train(key: "a") { $0.stopping.scoring = .sampled }
        let plain = try await place.train(key: "b", stopping: false)
        #expect(outputs.artifacts["model"] == plain.artifacts["model"])
        #expect(place.loop.harness.warnings.contains { $0.contains("compared without any outcome") })
    }

    @Test("where nothing changes nobody wins: the model is passed on unchanged, and that is said")
    func draw() async throws {
        let place = try await Place()
        let outputs = try await place.train(key: "a") { ($0.learningRate, $0.finalLearningRate) = (1e-12, 1e-12) }
        #expect(outputs.summary["stopping"]?["chosen_step"] == .integer(0))
        #expect(outputs.artifacts["model"] == place.inputs["model"]?[0])
        #expect(
            place.loop.harness.warnings == [
                "no checkpoint wins against the model that training began with; it is passed on unchanged"
            ])
    }

    @Test("a run that is stopped anywhere and taken up again ends with the same bytes")
    func resumes() async throws {
        let place = try await Place()
        let plain = try await place.train(key: "plain")
        var stops = 0
        for stopAfter in 1...12 {
            let key = "stopped-\(stopAfter)"
            do {
                _ = try await place.train(key: key, stopAfter: stopAfter)
                break  // It was over before.
            } catch is CancellationError {
                stops += 1
                let resumed = try await place.train(key: key)
                #expect(resumed.artifacts == plain.artifacts, "stopped after \(stopAfter) reports")
                #expect(resumed.summary == plain.summary)
            }
        }
        #expect(stops >= 8)
    }

    @Test("prompts that are trained on are told of, repeated ones are asked once, and none at all end nothing early")
    func prompts() async throws {
        let place = try await Place(), harness = place.loop.harness
        let trained = (0..<2).map {
            GeneratedPrompt(text: "Name \($0) rivers.", demonstrations: [], round: 0, request: $0, position: 0)
        }
        let artifact = try harness.artifact(trained)
        let outputs = try await harness.run(
            PreferenceTrainingStage.self,
            place.inputs.merging(["stopping-prompts": [artifact, artifact]]) { _, new in new }
        ) { ($0.stopping.maxTokens, $0.stopping.verdictTokens, $0.maxSteps) = (4, 4, 1) }
        #expect(try harness.rows(outputs, "stopping-verdicts", as: PairwiseJudgement.self).count == 2)
        #expect(harness.warnings.contains { $0.hasPrefix("2 of 2 stopping prompts are trained on") })
        let none = try harness.artifact([GeneratedPrompt]())
        let unstopped = try await harness.run(
            PreferenceTrainingStage.self, place.inputs.merging(["stopping-prompts": [none]]) { _, new in new }
        ) { $0.maxSteps = 1 }
        #expect(unstopped.artifacts["stopping-verdicts"] == nil)
        #expect(harness.warnings.contains("there are no stopping prompts; training is not ended early"))
    }

    @Test("prompts without a judge are refused, and a judge without prompts")
    func refusals() async throws {
        let place = try await Place(), harness = place.loop.harness
        let inputs = place.inputs.filter { $0.key != "stopping-judge" }
        await #expect(
            throws: StageError.missingInput(
                stage: "dpo", port: "stopping-judge",
                because: "'stopping-prompts' is connected, and checkpoints need a judge")
        ) { try await harness.run(PreferenceTrainingStage.self, inputs) }
        let noPrompts = place.inputs.filter { $0.key != "stopping-prompts" }
        await #expect(throws: StageError.self) { try await harness.run(PreferenceTrainingStage.self, noPrompts) }
        #expect(throws: StageError.self) {
            var parameters = PreferenceTrainingStage.Parameters()
            parameters.stopping.every = 0
            _ = try PreferenceTrainingStage(parameters: parameters)
        }
    }
}
