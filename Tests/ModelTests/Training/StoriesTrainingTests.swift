import Foundation
import Model
import TestSupport
import Testing

/// Twenty optimiser steps on a 260,000-parameter model, as torch.optim.AdamW and TRL's trainers take them.
@Suite("Training against PyTorch", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct StoriesTrainingTests {
    struct Supervised: Decodable {
        struct Example: Decodable { var ids: [Int32]; var target_mask: [Int] }
        struct Schedule: Decodable { var warmup_steps: Int; var min_lr_rate: Double }
        struct Step: Decodable {
            var grad_norm: Double
            var learning_rate: Double
            var weight_change_norm_after_step: Double
        }
        struct Run: Decodable {
            var lr: Double
            var weight_decay: Double
            var clip: Double?
            var schedule: Schedule?
            var steps: [Step]
            var losses_float64: [Double]
        }
        var examples: [Example]
        var gradient_norms_float64: [String: Double]
        var runs: [String: Run]
    }

    @Test(
        "20 supervised steps, plain and with decay, clipping and a schedule",
        arguments: ["plain", "decay-clip-cosine"])
    func supervised(name: String) throws {
        let golden = try GoldenModel.decode(Supervised.self, "stories260k/sft.json")
        let run = try #require(golden.runs[name])
        let model = try GoldenModel.load("stories260k/model"), start = try GoldenModel.load("stories260k/model")
        let schedule = LearningRateSchedule(
            shape: run.schedule == nil ? .constant : .cosine, peak: run.lr,
            floor: run.lr * (run.schedule?.min_lr_rate ?? 0), warmupSteps: run.schedule?.warmup_steps ?? 0)
        let trainer = try Trainer(
            model: model,
            task: .supervised(
                golden.examples.map {
                    SupervisedExample(tokens: $0.ids, targetMask: GoldenModel.mask($0.target_mask))
                }),
            configuration: OptimizationConfiguration(
                schedule: schedule, epochs: 20, batchSize: 4, dropout: 0, weightDecay: run.weight_decay,
                maximumGradientNorm: run.clip),
            seed: 1, pool: WorkerPool(threads: 2))
        for (index, step) in run.steps.enumerated() {
            let metrics = try #require(try trainer.step()).values
            #expect(abs((metrics["loss"] ?? .nan) - run.losses_float64[index]) < 2e-5, "loss of step \(index)")
            #expect(
                abs((metrics["learning_rate"] ?? .nan) - step.learning_rate) <= 1e-8 * run.lr, "rate of step \(index)"
            )
            #expect(abs((metrics["grad_norm"] ?? .nan) / step.grad_norm - 1) < 1e-3, "norm of step \(index)")
            let change = distance(model.parameters, start.parameters)
            #expect(
                abs(change - step.weight_change_norm_after_step) < 1e-4 * max(1, change), "change of step \(index)")
        }
        #expect(try trainer.step() == nil)
    }

    @Test("20 preference steps at three settings", arguments: 0..<3)
    func preferences(setting: Int) throws {
        let golden = try GoldenModel.decode(GoldenPreferences.self, "stories260k/dpo.json")
        let run = golden.runs[setting]
        let model = try GoldenModel.load("stories260k/model"), start = try GoldenModel.load("stories260k/model")
        let pool = WorkerPool(threads: 2)
        let examples = try golden.examples(scoredBy: model, pool: pool, tolerance: 1e-3)
        let trainer = try Trainer(
            model: model, task: .preference(examples, PreferenceObjective(beta: run.beta)),
            configuration: OptimizationConfiguration(
                schedule: .init(shape: .constant, peak: run.lr), epochs: 20, batchSize: 4, dropout: 0,
                maximumGradientNorm: nil),
            seed: 1, pool: pool)
        for (index, step) in run.steps.enumerated() {
            let metrics = try #require(try trainer.step()).values
            for (name, value) in step {
                guard case .number(let exact) = value else { continue }
                if name == "weight_change_norm_after_step" {
                    let change = distance(model.parameters, start.parameters)
                    #expect(abs(change - exact) < 1e-3 * exact, "change of step \(index)")
                    continue
                }
                let found = metrics[name] ?? .nan
                let bound =
                    name == "loss"
                    ? 2e-5 : name == "grad_norm" ? 1e-3 * abs(exact) : name.hasPrefix("logps") ? 5e-3 : 1e-3
                #expect(abs(found - exact) <= bound, "\(name) of step \(index)")
            }
            if index == 0 { #expect(metrics["loss"] == log(2)) }
        }
    }
}
