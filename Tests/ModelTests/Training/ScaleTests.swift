import Foundation
import Model
import Testing

/// Sequences and vocabularies as large as models have them, on a model that is small otherwise.
@Suite("Long contexts and large vocabularies")
struct ScaleTests {
    static let context = 8_192

    static func longModel() throws -> LanguageModel {
        try TinyModel.make(contextLength: context, tiesEmbeddings: true)
    }

    static func step(
        _ model: LanguageModel, _ examples: [SupervisedExample], precision: Precision, threads: Int
    ) throws -> [String: Double] {
        let trainer = try Trainer(
            model: model, task: .supervised(examples),
            configuration: OptimizationConfiguration(
                schedule: .init(shape: .constant, peak: 1e-3), batchSize: examples.count, dropout: 0),
            seed: 1, precision: precision, pool: WorkerPool(threads: threads))
        return try #require(try trainer.step()).values
    }

    @Test(
        "a step on one sequence of 8,192 tokens, the same with 1 and 2 threads",
        .enabled(if: SmolLM2.isNightly, "slow: set NIGHTLY=1"), arguments: Precision.allCases)
    func longStep(precision: Precision) throws {
        let sequence = RandomModel.sequence(Self.context, firstTarget: 1, seed: 3, vocabulary: 97)
        let example = SupervisedExample(tokens: sequence.tokens, targetMask: sequence.targetMask)
        let models = try [1, 2].map { _ in try Self.longModel() }
        let values = try zip(models, [1, 2]).map {
            try Self.step($0, [example], precision: precision, threads: $1)
        }
        #expect(values[0] == values[1])
        // Random tokens: no better than chance, and the model is not far from uniform.
        #expect(abs((values[0]["loss"] ?? .nan) - log(97)) < 1)
        #expect((0..<models[0].layout.count).allSatisfy { models[0].parameters[$0] == models[1].parameters[$0] })
    }

    @Test(
        "generation after 8,000 tokens, the same with 1 and 2 threads",
        .enabled(if: SmolLM2.isNightly, "slow: set NIGHTLY=1"), arguments: Precision.allCases)
    func longPrompt(precision: Precision) throws {
        let model = try Self.longModel()
        let prompt = RandomModel.sequence(8_000, firstTarget: 1, seed: 4, vocabulary: 97).tokens
        let request = GenerationRequest(
            prompt: prompt, maximumNewTokens: Self.context - prompt.count,
            sampling: SamplingParameters(temperature: 0.7, topP: 0.9), randomKey: 5)
        let results = try [1, 2].map { threads in
            try GenerationEngineTests.engine(model, precision, threads: threads).generate([request])[0]
        }
        #expect(results[0] == results[1])
        #expect(results[0].tokens.count == 192)

        // What the generator reads from its pages is what training computes.
        let next = try GenerationEngineTests.engine(model, precision)
            .nextTokenLogProbabilities(after: [prompt], of: [7])[0]
        let mask = (0...prompt.count).map { $0 == prompt.count }
        let transformer = Transformer(
            model: model, precision: precision, gradients: false, pool: WorkerPool(threads: 2))
        let exact = transformer.forward(
            PackedBatch([TargetedSequence(tokens: prompt + [7], targetMask: mask)]), keepActivations: false)
        // Sums of 8,000 terms in another order; in bfloat16 weights of attention are rounded at other places.
        let bound = precision == .single ? 1e-4 : 0.05
        #expect(abs(Double(next[0]) - exact[0].logProbability) < bound)
    }

    @Test("8,192 tokens take memory in proportion to their number")
    func longMemory() async {
        await #expect(processExitsWith: .success) {
            let sequence = RandomModel.sequence(ScaleTests.context, firstTarget: 1, seed: 3, vocabulary: 97)
            let example = SupervisedExample(tokens: sequence.tokens, targetMask: sequence.targetMask)
            let model = try ScaleTests.longModel()
            let before = try PeakMemory.bytes()
            _ = try ScaleTests.step(model, [example], precision: .bfloat16, threads: 2)
            let used = try PeakMemory.bytes() - before
            // One matrix of all attention weights of one head would be 256 MiB by itself.
            #expect(used < 160 << 20)
        }
    }

    static let vocabulary = 151_936

    /// 19 MiB of parameters in single precision.
    static func wideModel() throws -> LanguageModel {
        try LanguageModel.random(
            configuration: ModelConfiguration(
                vocabularySize: vocabulary, hiddenSize: 32, intermediateSize: 64, layerCount: 1, headCount: 2,
                keyValueHeadCount: 1, headSize: 16, ropeTheta: 10_000, normEpsilon: 1e-5, contextLength: 4_096,
                tiesEmbeddings: true),
            seed: 6)
    }

    /// Peak memory that one step takes over what the model takes.
    static func wideStep(length: Int, firstTarget: Int) throws -> Int {
        let sequence = RandomModel.sequence(length, firstTarget: firstTarget, seed: 7, vocabulary: vocabulary)
        let example = SupervisedExample(tokens: sequence.tokens, targetMask: sequence.targetMask)
        let model = try wideModel(), before = try PeakMemory.bytes()
        let values = try step(model, [example], precision: .single, threads: 2)
        // Nearly uniform over the vocabulary.
        #expect(abs((values["loss"] ?? .nan) - log(Double(vocabulary))) < 0.1)
        return try PeakMemory.bytes() - before
    }

    @Test("151,936 tokens: no logits for places outside the loss")
    func fewTargets() async {
        await #expect(processExitsWith: .success) {
            // Logits of all 4,095 places would be 2.3 GiB, those of the 64 targets are 37 MiB.
            let used = try ScaleTests.wideStep(length: 4_096, firstTarget: 4_032)
            #expect(used < 256 << 20)
        }
    }

    @Test("151,936 tokens: logits of all places are never held at once")
    func allTargets() async {
        await #expect(processExitsWith: .success) {
            // A chunk of 512 places is 297 MiB.
            let used = try ScaleTests.wideStep(length: 2_048, firstTarget: 1)
            #expect(used < 640 << 20)
        }
    }
}

/// The largest resident set of this process so far.
enum PeakMemory {
    /// From Linux's own count: what `getrusage` says includes the process that started this one.
    static func bytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first) << 10
    }
}
