import Foundation
import Model
import TestSupport
import Testing

/// Whether bfloat16 learns as single precision does: losses of 200 steps, against what another seed changes.
@Suite("Training curves in both precisions", .enabled(if: SmolLM2.isNightly, "takes minutes: run 'make nightly'"))
struct PrecisionCurveTests {
    static let steps = 200, window = 20, length = 129
    /// None of them was looked at before the condition below was written down.
    static let seeds: [UInt64] = [5, 6, 7, 8]

    /// The bytes of the project's own seed data, in sequences; every 40th is held out.
    static func sequences() throws -> (training: [SupervisedExample], heldOut: [SequenceScorer.Request]) {
        let bytes = try ["evaluation-examples.jsonl", "seed-trees.jsonl"].flatMap { name in
            [UInt8](try Data(contentsOf: SharedData.repository.appending(path: "pipelines/data/" + name)))
        }
        let parts = stride(from: 0, to: bytes.count - length, by: length).map { start in
            bytes[start..<(start + length)].map { Int32($0) }
        }
        // Every 40th, so that both files have a part in it.
        let heldOut = parts.indices.filter { $0 % 40 == 0 }
        let mask = (0..<length).map { $0 > 0 }
        return (
            parts.indices.filter { $0 % 40 != 0 }.map { SupervisedExample(tokens: parts[$0], targetMask: mask) },
            heldOut.map { .init(prompt: [parts[$0][0]], completion: Array(parts[$0].dropFirst())) }
        )
    }

    struct Curve {
        /// Means over windows of steps, in nats a token.
        var losses: [Double] = []
        var heldOut = 0.0
    }

    /// `seed` gives the initial weights, the order of the data and what dropout drops.
    static func curve(_ precision: Precision, seed: UInt64) throws -> Curve {
        let data = try sequences(), pool = WorkerPool(threads: 2)
        let model = try LanguageModel.random(
            configuration: ModelConfiguration(
                vocabularySize: 256, hiddenSize: 128, intermediateSize: 352, layerCount: 4, headCount: 4,
                keyValueHeadCount: 2, headSize: 32, ropeTheta: 10_000, normEpsilon: 1e-5, contextLength: 256,
                tiesEmbeddings: true),
            seed: seed)
        let trainer = try Trainer(
            model: model, task: .supervised(data.training),
            configuration: OptimizationConfiguration(
                schedule: .init(peak: 2e-3, warmupSteps: 10), epochs: 2, batchSize: 8, maximumSteps: steps),
            seed: seed, precision: precision, pool: pool)
        var curve = Curve(), sum = 0.0
        for step in 1...steps {
            sum += try #require(try trainer.step()).values["loss"] ?? .nan
            if step % window != 0 { continue }
            curve.losses.append(sum / Double(window))
            sum = 0
        }
        // In single precision, whatever it was trained in.
        let scores = try SequenceScorer(model: model, pool: pool).score(data.heldOut)
        curve.heldOut = -scores.reduce(0) { $0 + $1.logProbability } / Double(scores.count * (length - 1))
        return curve
    }

    @Test("bfloat16 shifts the mean loss by less than a seed's standard deviation in single precision")
    func curves() throws {
        let single = try Self.seeds.map { try Self.curve(.single, seed: $0) }
        let rounded = try Self.seeds.map { try Self.curve(.bfloat16, seed: $0) }
        print("steps     f32, four seeds: mean ± deviation    bf16 - f32 of the same seed: mean, largest")
        for place in 0...(Self.steps / Self.window) {
            let isLast = place == Self.steps / Self.window
            func value(_ curve: Curve) -> Double { isLast ? curve.heldOut : curve.losses[place] }
            let losses = single.map(value), mean = losses.reduce(0, +) / 4
            let deviation = (losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3).squareRoot()
            let differences = zip(rounded, single).map { value($0) - value($1) }
            let shift = differences.reduce(0, +) / 4, largest = differences.map { abs($0) }.max() ?? .nan
            let name = isLast ? "held out" : "\(place * Self.window + 1)–\((place + 1) * Self.window)"
            print(
                name,
                [mean, deviation, shift, largest].map { String(format: "%.4f", $0) }.joined(separator: "  "))
            // Means of four, not single pairs: after 200 steps one pair may be as far apart as two seeds are.
            #expect(abs(shift) < deviation, "\(name)")
        }
        // It learned: the mean of a byte's entropy under a uniform guess is 5.5 nats.
        #expect(single.allSatisfy { $0.heldOut < 3 })
    }
}
