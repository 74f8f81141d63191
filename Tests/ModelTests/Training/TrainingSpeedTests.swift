import Foundation
import Model
import Testing

/// Timings, not checks: run with BENCHMARK=1 on a quiet machine.
@Suite(
    "Training speed", .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["BENCHMARK"] != nil, "set BENCHMARK=1 to time steps"))
struct TrainingSpeedTests {
    static let threads = ProcessInfo.processInfo.environment["THREADS"].flatMap { Int($0) } ?? 2

    static let steps = ProcessInfo.processInfo.environment["STEPS"].flatMap { Int($0) } ?? 6

    /// The shape of SmolLM2-135M; values do not change the time.
    static let shape = ModelConfiguration(
        vocabularySize: 49_152, hiddenSize: 576, intermediateSize: 1_536, layerCount: 30, headCount: 9,
        keyValueHeadCount: 3, headSize: 64, ropeTheta: 100_000, normEpsilon: 1e-5, contextLength: 8_192,
        tiesEmbeddings: true)

    static func model() throws -> LanguageModel {
        let model = try LanguageModel(configuration: shape)
        var generator = Philox(key: 1)
        for tensor in model.layout.tensors {
            for index in tensor.range {
                model.parameters[index] = tensor.isMatrix ? 0.05 * (Float(generator.uniform()) - 0.5) : 1
            }
        }
        return model
    }

    @Test("a supervised step of 4 x 512 tokens, all of them targets", arguments: [0, 0.1])
    func supervised(dropout: Double) throws {
        var generator = Philox(key: 2)
        let examples = (0..<4).map { _ in
            SupervisedExample(
                tokens: (0..<513).map { _ in Int32(generator.below(49_152)) }, targetMask: (0..<513).map { $0 > 0 })
        }
        let trainer = try Trainer(
            model: Self.model(), task: .supervised(examples),
            configuration: OptimizationConfiguration(
                schedule: .init(peak: 1e-5), epochs: Self.steps, batchSize: 4, dropout: dropout,
                tokensPerMicroBatch: 2_048),
            seed: 1, pool: WorkerPool(threads: Self.threads))
        try Self.time(trainer, "SFT 4 x 512, dropout \(dropout)", tokens: 2_048)
    }

    static func time(_ trainer: Trainer, _ name: String, tokens: Int) throws {
        _ = try trainer.step()
        var seconds: [Double] = []
        let clock = ContinuousClock()
        let before = processorSeconds()
        while !trainer.isFinished {
            let elapsed = try clock.measure { _ = try trainer.step() }
            seconds.append(Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18)
        }
        let processor = (processorSeconds() - before) / Double(seconds.count)
        seconds.sort()
        let median = seconds[seconds.count / 2], best = seconds[0]
        print(
            "\(name): median \(median) s, best \(best) s, \(Int(Double(tokens) / median)) tokens/s, best \(Int(Double(tokens) / best)); "
                + "\(threads) threads, \(processor) processor seconds a step")
    }

    static func processorSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) * 1e-6
    }
}
