import Foundation
import Model
import TestSupport
import Testing

/// The demo model's numbers against PyTorch's. One at a time: each holds half a gigabyte of weights or more.
@Suite("SmolLM2 against PyTorch", .serialized, .enabled(if: SmolLM2.isPresent, "\(SmolLM2.absence)"))
struct SmolLM2TrainingTests {
    @Test("log-probabilities of every next token, and of the likeliest at the end")
    func forward() throws {
        let golden = try GoldenModel.decode(SmolLM2.Forward.self, "smollm2/forward.json")
        let scorer = try Transformer(model: SmolLM2.load(), pool: WorkerPool(threads: 2))
        for prompt in golden.prompts {
            let mask = prompt.ids.indices.map { $0 > 0 }
            let whole = TargetedSequence(tokens: prompt.ids, targetMask: mask)
            let endings = prompt.last_top20_ids.map { id in
                TargetedSequence(
                    tokens: prompt.ids + [id], targetMask: prompt.ids.map { _ in false } + [true])
            }
            let found = scorer.forward(PackedBatch([whole] + endings), keepActivations: false).map(\.logProbability)
            for (value, exact) in zip(found, prompt.next_logps) { #expect(abs(value - exact) < 3e-4) }
            for (value, logit) in zip(found[prompt.next_logps.count...], prompt.last_top20_logits) {
                #expect(abs(value - (logit - prompt.last_logsumexp)) < 3e-4)
            }
        }
    }

    @Test("the first supervised loss, and its gradient in every tensor")
    func firstGradient() throws {
        let golden = try GoldenModel.decode(SmolLM2.Supervised.self, "smollm2/sft.json")
        let model = try SmolLM2.load()
        let transformer = Transformer(model: model, pool: WorkerPool(threads: 2))
        let batch = PackedBatch(golden.sequences)
        let found = transformer.forward(batch, keepActivations: true)
        let count = Double(found.count)
        #expect(abs(-found.reduce(0) { $0 + $1.logProbability } / count - golden.loss) < 1e-4)
        for (index, exact) in golden.loss_per_example.enumerated() {
            let own = zip(batch.targets, found).filter { $0.0.sequence == index }.map { -$0.1.logProbability }
            #expect(abs(own.reduce(0, +) / Double(own.count) - exact) < 1e-4)
        }
        let gradient = FloatBuffer(count: model.layout.count)
        transformer.backward([Float](repeating: Float(-1 / count), count: found.count), into: gradient)
        for exact in golden.gradients {
            let tensor = try #require(model.layout.tensors.first { $0.name == exact.name })
            let norm = tensor.range.reduce(0.0) { $0 + Double(gradient[$1]) * Double(gradient[$1]) }.squareRoot()
            #expect(abs(norm - exact.norm_float64) < 2e-3 * exact.norm_float64, "\(exact.name)")
            for (index, value) in zip(exact.index, exact.value_float64) {
                #expect(
                    abs(Double(gradient[tensor.offset + index]) - value) < 2e-3 * exact.norm_float64, "\(exact.name)")
            }
        }
    }

    @Test("bfloat16 keeps the loss, and the gradient in every tensor, within its own rounding")
    func bfloat16() throws {
        let golden = try GoldenModel.decode(SmolLM2.Supervised.self, "smollm2/sft.json")
        let model = try SmolLM2.load(), pool = WorkerPool(threads: 2), batch = PackedBatch(golden.sequences)
        var losses: [Double] = [], gradients: [FloatBuffer] = []
        for precision in Precision.allCases {
            let transformer = Transformer(model: model, precision: precision, pool: pool)
            let found = transformer.forward(batch, keepActivations: true)
            let count = Double(found.count)
            losses.append(-found.reduce(0) { $0 + $1.logProbability } / count)
            let gradient = FloatBuffer(count: model.layout.count)
            transformer.backward([Float](repeating: Float(-1 / count), count: found.count), into: gradient)
            gradients.append(gradient)
        }
        // Each factor is off by at most a 512th; through thirty layers the loss moves by less than that.
        #expect(abs(losses[1] - golden.loss) < 2e-3 * golden.loss)
        var worst = 0.0
        for tensor in model.layout.tensors {
            var difference = 0.0, norm = 0.0, product = 0.0, other = 0.0
            for index in tensor.range {
                let exact = Double(gradients[0][index]), rounded = Double(gradients[1][index])
                difference += (exact - rounded) * (exact - rounded)
                norm += exact * exact
                other += rounded * rounded
                product += exact * rounded
            }
            worst = max(worst, (difference / norm).squareRoot())
            #expect(product / (norm * other).squareRoot() > 0.995, "direction of \(tensor.name)")
        }
        // As docs/numerics.md states.
        #expect(worst < 0.05)
    }

    @Test("five supervised steps", .enabled(if: SmolLM2.isNightly, "slow: set NIGHTLY=1"))
    func supervisedSteps() throws {
        let golden = try GoldenModel.decode(SmolLM2.Supervised.self, "smollm2/sft.json")
        let model = try SmolLM2.load(), start = try SmolLM2.load()
        let trainer = try Trainer(
            model: model,
            task: .supervised(
                golden.sequences.map { SupervisedExample(tokens: $0.tokens, targetMask: $0.targetMask) }),
            configuration: OptimizationConfiguration(
                schedule: .init(shape: .constant, peak: golden.adamw.lr), epochs: 5, batchSize: 3, dropout: 0,
                maximumGradientNorm: nil),
            seed: 0, pool: WorkerPool(threads: 2))
        for (index, exact) in golden.adamw.loss_before_step.enumerated() {
            let values = try #require(try trainer.step()).values
            #expect(abs((values["loss"] ?? .nan) - exact) < 5e-4, "loss of step \(index)")
            let norm = golden.adamw.gradient_norm_before_step[index]
            #expect(abs((values["grad_norm"] ?? .nan) - norm) < 2e-3 * norm, "norm of step \(index)")
            let change = golden.adamw.weight_change_norm_after_step[index]
            #expect(
                abs(distance(model.parameters, start.parameters) - change) < 1e-3 * change,
                "change of step \(index)")
        }
        for tensor in model.layout.tensors {
            let exact = try #require(golden.adamw.weight_change_norm_by_tensor[tensor.name])
            let change = tensor.range.reduce(0.0) {
                $0 + pow(Double(model.parameters[$1]) - Double(start.parameters[$1]), 2)
            }
            #expect(abs(change.squareRoot() - exact) < 1e-3 * exact, "\(tensor.name)")
        }
    }

    /// The first step of each run is the reference model's own; the later ones are slow.
    static let preferenceSteps = SmolLM2.isNightly ? 5 : 2

    @Test("preference steps at two learning rates", arguments: SmolLM2.isNightly ? [0, 1] : [1])
    func preferences(setting: Int) throws {
        let golden = try GoldenModel.decode(GoldenPreferences.self, "smollm2/dpo.json")
        let run = golden.runs[setting]
        let pool = WorkerPool(threads: 2), model = try SmolLM2.load()
        let examples = try golden.examples(scoredBy: model, pool: pool, tolerance: 5e-3)
        let trainer = try Trainer(
            model: model, task: .preference(examples, PreferenceObjective(beta: run.beta)),
            configuration: OptimizationConfiguration(
                schedule: .init(shape: .constant, peak: run.lr), epochs: 5, batchSize: 3, dropout: 0,
                maximumGradientNorm: nil),
            seed: 0, pool: pool)
        for (index, step) in run.steps.prefix(Self.preferenceSteps).enumerated() {
            let values = try #require(try trainer.step()).values
            if index == 0 { #expect(abs((values["loss"] ?? .nan) - log(2)) < 1e-12) }
            for (name, value) in step {
                guard case .number(let exact) = value, name != "weight_change_norm_after_step" else { continue }
                let found = values[name] ?? .nan
                let bound =
                    name == "loss" ? 3e-4 : name == "grad_norm" ? 1e-3 * exact : name.hasPrefix("logps") ? 5e-3 : 1e-3
                #expect(abs(found - exact) <= bound, "\(name) of step \(index)")
            }
        }
    }
}
