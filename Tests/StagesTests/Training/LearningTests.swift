import Artifacts
import Model
import Pipeline
import Stages
import Testing

/// That training does what it is for, on a model small enough for seconds.
@Suite("It learns")
struct LearningTests {
    private static let greetings = ["hello", "hi", "welcome"]
    private static let subjects = ["cat", "dog", "river", "hill", "tree", "road", "cloud", "stone", "lamp", "ship"]
    private static let verbs = ["sleeps", "waits", "shines", "stays", "turns", "falls", "sings", "grows"]

    /// A question and two answers that differ in a greeting alone.
    private struct Question {
        let prompt: String
        let plain: String
        let greeting: String

        init(_ subject: Int, _ verb: Int) {
            let (subject, verb) = (LearningTests.subjects[subject], LearningTests.verbs[verb])
            prompt = "what of the \(subject) that \(verb)"
            plain = "the \(subject) \(verb)"
            greeting = LearningTests.greetings[(subject.count + verb.count) % 3] + " " + plain
        }
    }

    private static let questions = (0..<80).map { Question($0 / 8, $0 % 8) }
    /// Every fifth question is kept from training.
    private static let training = questions.enumerated().filter { $0.offset % 5 != 0 }.map(\.element)
    private static let heldOut = questions.enumerated().filter { $0.offset % 5 == 0 }.map(\.element)

    private func model(_ harness: StageHarness) async throws -> ArtifactReference {
        let text = Self.questions.map { "\($0.prompt)\n\($0.greeting)\nuser assistant" }.joined(separator: "\n")
        let made = try await harness.run(MakeModelStage.self, ["text": [try harness.blob(text)]]) {
            ($0.merges, $0.contextLength) = (160, 64)
        }
        return try #require(made.artifacts["model"])
    }

    /// Half of the answers greet, so that the model knows both ways.
    private func fineTuned(_ harness: StageHarness, epochs: Int) async throws -> StageOutputs {
        let examples = Self.training.enumerated().map { index, question in
            SeedExample(
                tree: "\(index)", prompt: question.prompt,
                response: index % 2 == 0 ? question.plain : question.greeting)
        }
        return try await harness.run(
            FineTuneStage.self,
            ["model": [try await model(harness)], "examples": [try harness.artifact(examples)]]
        ) {
            ($0.learningRate, $0.finalLearningRate, $0.batchSize) = (3e-3, 3e-4, 8)
            ($0.epochs, $0.dropout, $0.precision) = (epochs, 0, .single)
        }
    }

    private func pairs(_ questions: [Question]) -> [PreferencePair] {
        questions.map { question in
            func candidate(_ index: Int, _ text: String) -> Candidate {
                Candidate(
                    promptID: question.prompt, prompt: question.prompt, index: index, text: text, tokens: 1,
                    finish: .stop)
            }
            return PreferencePair(
                chosen: candidate(0, question.greeting), score: 5, rejected: candidate(1, question.plain), score: 1)
        }
    }

    @Test("sft drives the loss of a small set under 0.1")
    func smallSet() async throws {
        let harness = try StageHarness()
        let tuned = try await fineTuned(harness, epochs: 60)
        let losses = try harness.rows(tuned, "training-log", as: TrainingStep.self).compactMap { $0.metrics["loss"] }
        let last = losses.suffix(8)
        #expect(try #require(losses.first) > 2)
        #expect(last.reduce(0, +) / Double(last.count) < 0.1, "\(last)")
    }

    @Test("dpo on a planted preference orders over 95 % of held-out pairs rightly")
    func plantedPreference() async throws {
        let harness = try StageHarness()
        let policy = try #require(try await fineTuned(harness, epochs: 15).artifacts["model"])
        let model = try await preferring(policy, harness) { ($0.learningRate, $0.epochs) = (3e-4, 3) }
        #expect(try await heldOutAccuracy(of: model, reference: policy, harness) > 0.95)
    }

    // DPO alone orders the pairs too, but lowers the log-probability of both responses here, and what is then written is
    // neither: at three times the steps no answer greets any more. The likelihood of the chosen one holds it.
    @Test("generations follow a planted preference that is learned with the chosen response's likelihood beside it")
    func generationsFollow() async throws {
        let harness = try StageHarness()
        let policy = try #require(try await fineTuned(harness, epochs: 15).artifacts["model"])
        let model = try await preferring(policy, harness) {
            ($0.learningRate, $0.epochs, $0.likelihoodWeight) = (1e-3, 6, 1)
        }
        #expect(try await heldOutAccuracy(of: model, reference: policy, harness) > 0.95)
        let before = try await greetingShare(policy, harness), after = try await greetingShare(model, harness)
        #expect((0.2...0.8).contains(before) && after > 0.9, "\(before) → \(after)")
    }

    /// `policy` trained on the pairs of the training questions.
    private func preferring(
        _ policy: ArtifactReference, _ harness: StageHarness,
        _ change: (inout PreferenceTrainingStage.Parameters) -> Void
    ) async throws -> ArtifactReference {
        let pairs = try harness.artifact(pairs(Self.training))
        let trained = try await harness.run(
            PreferenceTrainingStage.self,
            ["model": [policy], "pairs": [pairs], "reference-logps": [try await score(policy, pairs, harness)]]
        ) {
            ($0.batchSize, $0.dropout, $0.precision) = (8, 0, .single)
            change(&$0)
            $0.finalLearningRate = $0.learningRate / 10
        }
        return try #require(trained.artifacts["model"])
    }

    // DiscoPOP is no such loss: where policy and reference agree its slope is the other way (PreferenceLossTests).
    @Test(
        "each loss moves held-out pairs the way of the preference",
        arguments: PreferenceLoss.allCases.filter { $0 != .discopop })
    func everyLoss(loss: PreferenceLoss) async throws {
        let harness = try StageHarness()
        let policy = try #require(try await fineTuned(harness, epochs: 4).artifacts["model"])
        let learned = try harness.artifact(pairs(Self.training)), held = try harness.artifact(pairs(Self.heldOut))
        let trained = try await harness.run(
            PreferenceTrainingStage.self,
            [
                "model": [policy], "pairs": [learned], "validation-pairs": [held],
                "reference-logps": [
                    try await score(policy, learned, harness, mismatched: loss == .kto),
                    try await score(policy, held, harness, mismatched: loss == .kto),
                ],
            ]
        ) {
            ($0.loss, $0.labelSmoothing) = (loss.rawValue, loss == .exoPair ? 0.01 : 0)
            ($0.learningRate, $0.finalLearningRate, $0.batchSize) = (3e-4, 3e-5, 8)
            ($0.epochs, $0.dropout, $0.precision) = (2, 0, .single)
        }
        let end = try #require(try harness.rows(trained, "training-log", as: TrainingStep.self).last?.metrics)
        #expect(try #require(end["eval_rewards/margins"]) > 0)
        #expect(try #require(end["eval_rewards/accuracies"]) > 0.8)
    }

    private func score(
        _ model: ArtifactReference, _ pairs: ArtifactReference, _ harness: StageHarness, mismatched: Bool = false
    ) async throws -> ArtifactReference {
        let outputs = try await harness.run(ScoreReferenceStage.self, ["model": [model], "pairs": [pairs]]) {
            ($0.precision, $0.mismatched) = (.single, mismatched)
        }
        return try #require(outputs.artifacts["reference-logps"])
    }

    /// `rewards/accuracies` on pairs that were not trained on: whether log p(chosen) rose more than log p(rejected).
    private func heldOutAccuracy(
        of model: ArtifactReference, reference: ArtifactReference, _ harness: StageHarness
    ) async throws -> Double {
        let pairs = try harness.artifact(pairs(Self.heldOut))
        func rows(_ model: ArtifactReference) async throws -> [ReferenceLogProbabilities] {
            try harness.store.reader(try await score(model, pairs, harness), as: ReferenceLogProbabilities.self).all()
        }
        let after = try await rows(model), before = try await rows(reference)
        let right = zip(after, before).count { $0.chosen - $1.chosen > $0.rejected - $1.rejected }
        return Double(right) / Double(after.count)
    }

    /// The share of sampled answers to held-out questions that begin with a greeting.
    private func greetingShare(_ model: ArtifactReference, _ harness: StageHarness) async throws -> Double {
        let prompts = Self.heldOut.map {
            GeneratedPrompt(text: $0.prompt, demonstrations: [], round: 0, request: 0, position: 0)
        }
        let outputs = try await harness.run(
            SampleResponsesStage.self, ["model": [model], "prompts": [try harness.artifact(prompts)]]
        ) { ($0.samples, $0.temperature, $0.topP, $0.maxTokens, $0.precision) = (8, 1, 1, 12, .single) }
        let texts = try harness.rows(outputs, "candidates", as: Candidate.self).map(\.text)
        let greeting = texts.count { text in Self.greetings.contains { text.hasPrefix($0) } }
        return Double(greeting) / Double(texts.count)
    }
}
