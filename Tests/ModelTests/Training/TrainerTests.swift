import Foundation
import Model
import Testing

@Suite("Trainer")
struct TrainerTests {
    static func configuration(
        epochs: Int = 3, batchSize: Int = 3, dropout: Double = 0.1, tokens: Int = 2_048, clip: Double? = 1,
        lowRank: LowRankConfiguration? = nil
    ) -> OptimizationConfiguration {
        OptimizationConfiguration(
            schedule: .init(peak: 3e-3, floor: 1e-3, warmupSteps: 1), epochs: epochs, batchSize: batchSize,
            dropout: dropout, weightDecay: 0.1, maximumGradientNorm: clip, lowRank: lowRank,
            tokensPerMicroBatch: tokens)
    }

    static let supervised = TrainingTask.supervised(
        (0..<7).map {
            let sequence = RandomModel.sequence(6 + 5 * $0, firstTarget: 3 + $0, seed: UInt64($0))
            return SupervisedExample(tokens: sequence.tokens, targetMask: sequence.targetMask)
        })

    static let preference = TrainingTask.preference(
        (0..<5).map { index in
            func tokens(_ count: Int, _ seed: Int) -> [Int32] {
                RandomModel.sequence(count, firstTarget: 1, seed: UInt64(seed)).tokens
            }
            return PreferenceExample(
                prompt: tokens(8, index), chosen: tokens(4 + index, 50 + index), rejected: tokens(9, 90 + index),
                referenceChosen: -20, referenceRejected: -30)
        }, PreferenceObjective(likelihoodWeight: 0.2))

    static func trainer(
        _ task: TrainingTask, _ configuration: OptimizationConfiguration, _ precision: Precision = .single,
        seed: UInt64 = 4, threads: Int = 2
    ) throws -> Trainer {
        try Trainer(
            model: RandomModel.make(), task: task, configuration: configuration, seed: seed,
            precision: precision, pool: WorkerPool(threads: threads))
    }

    static func finish(_ trainer: Trainer) throws -> (steps: [StepMetrics], parameters: [Float]) {
        var steps: [StepMetrics] = []
        while let metrics = try trainer.step() { steps.append(metrics) }
        return (steps, trainer.model.parameters.withUnsafeBufferPointer { Array($0) })
    }

    @Test("the number of threads changes nothing", arguments: [supervised, preference], Precision.allCases)
    func threads(task: TrainingTask, precision: Precision) throws {
        let one = try Self.finish(Self.trainer(task, Self.configuration(), precision, threads: 1))
        let three = try Self.finish(Self.trainer(task, Self.configuration(), precision, threads: 3))
        #expect(one.steps == three.steps)
        #expect(one.parameters == three.parameters)
    }

    @Test(
        "evaluating learns nothing, and sees what the next step sees", arguments: [supervised, preference],
        Precision.allCases)
    func evaluation(task: TrainingTask, precision: Precision) throws {
        // All examples in one batch, without dropout: the step computes what was evaluated before it.
        let configuration = Self.configuration(epochs: 2, batchSize: task.exampleCount, dropout: 0)
        let plain = try Self.finish(Self.trainer(task, configuration, precision))
        let trainer = try Self.trainer(task, configuration, precision)
        for step in plain.steps {
            let before = try trainer.evaluate(task)
            #expect(try trainer.step() == step)
            for (name, value) in before {
                // The order of the examples, and so of the sums, is another.
                let bound = 1e-12 * max(1, abs(value)) * Double(task.exampleCount)
                #expect(abs(value - (step.values[name] ?? .nan)) <= bound, "\(name)")
            }
            #expect(before["loss"] != nil)
        }
        let parameters = trainer.model.parameters.withUnsafeBufferPointer { Array($0) }
        #expect(parameters == plain.parameters)
    }

    @Test(
        "a run resumed after any step ends as if it had not stopped", arguments: [supervised, preference],
        Precision.allCases)
    func resume(task: TrainingTask, precision: Precision) throws {
        let whole = try Self.finish(Self.trainer(task, Self.configuration(), precision))
        let file = FileManager.default.temporaryDirectory.appending(path: "state-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        for stop in [0, 1, 4] {
            let first = try Self.trainer(task, Self.configuration(), precision)
            for _ in 0..<stop { _ = try first.step() }
            try first.saveState(to: file)
            let second = try Self.trainer(task, Self.configuration(), precision)
            second.model.parameters.fill(0)
            try second.restoreState(from: file)
            #expect(second.progress.step == stop)
            let rest = try Self.finish(second)
            #expect(rest.steps == Array(whole.steps[stop...]))
            #expect(rest.parameters == whole.parameters)
        }
    }

    @Test("a cancelled step leaves no trace")
    func cancellation() throws {
        struct Stop: Error {}
        let trainer = try Self.trainer(Self.supervised, Self.configuration(tokens: 20))
        _ = try trainer.step()
        var calls = 0
        #expect(throws: Stop.self) {
            _ = try trainer.step {
                calls += 1
                if calls == 2 { throw Stop() }
            }
        }
        let undisturbed = try Self.trainer(Self.supervised, Self.configuration(tokens: 20))
        _ = try undisturbed.step()
        let found = try Self.finish(trainer), expected = try Self.finish(undisturbed)
        #expect(found.steps == expected.steps)
        #expect(found.parameters == expected.parameters)
    }

    @Test("a damaged or foreign state is refused")
    func foreignState() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "state-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let trainer = try Self.trainer(Self.supervised, Self.configuration())
        try trainer.saveState(to: file)
        let whole = try Data(contentsOf: file)
        #expect(throws: ModelError.self) {
            try Self.trainer(Self.supervised, Self.configuration(), seed: 5).restoreState(from: file)
        }
        for damaged in [
            Data(), whole.prefix(30), whole.prefix(whole.count - 1), whole + [0], Data("none".utf8) + whole,
        ] {
            try damaged.write(to: file)
            #expect(throws: ModelError.self) { try trainer.restoreState(from: file) }
        }
    }

    @Test("micro-batches of any size give the whole batch's loss and nearly its gradient")
    func microBatches() throws {
        var losses: [[Double]] = []
        for tokens in [1, 40, 10_000] {
            let steps = try Self.finish(
                Self.trainer(Self.supervised, Self.configuration(dropout: 0, tokens: tokens))
            ).steps
            losses.append(steps.map { $0.values["loss"] ?? .nan })
        }
        for (small, large) in zip(losses[0], losses[2]) { #expect(abs(small - large) < 1e-4) }
        for (middle, large) in zip(losses[1], losses[2]) { #expect(abs(middle - large) < 1e-4) }
    }

    @Test("every example is seen once an epoch, in an order of its own")
    func dataOrder() throws {
        // One example a step: the number of tokens tells which it was.
        let trainer = try Self.trainer(Self.supervised, Self.configuration(epochs: 3, batchSize: 1))
        let seen = try Self.finish(trainer).steps.map { Int($0.values["num_tokens"] ?? 0) }
        let lengths = zip(seen, [0] + seen).map { $0 - $1 }
        let epochs = (0..<3).map { Array(lengths[($0 * 7)..<($0 * 7 + 7)]) }
        for epoch in epochs { #expect(epoch.sorted() == (0..<7).map { 6 + 5 * $0 }) }
        #expect(Set(epochs).count == 3)
    }

    @Test("a likelihood term is added with its weight, over chosen tokens alone")
    func likelihoodTerm() throws {
        guard case .preference(let pairs, _) = Self.preference else { return }
        func first(_ weight: Double) throws -> [String: Double] {
            let trainer = try Self.trainer(
                .preference(pairs, PreferenceObjective(likelihoodWeight: weight)),
                Self.configuration(batchSize: 5, dropout: 0))
            return try trainer.step()?.values ?? [:]
        }
        let without = try first(0), with = try first(0.2)
        let tokens = pairs.reduce(0) { $0 + $1.chosen.count }
        let likelihood = -5 * (without["logps/chosen"] ?? .nan) / Double(tokens)
        #expect(abs((with["nll_loss"] ?? .nan) - likelihood) < 1e-9)
        #expect(abs((with["loss"] ?? .nan) - (without["loss"] ?? .nan) - 0.2 * likelihood) < 1e-9)
    }

    @Test(
        "steps and batches beyond what random numbers are counted by are refused",
        arguments: [
            (Int.max, 3, "'epochs' is 9223372036854775807, outside 1…16777215"),
            (1 << 23, 3, "'epochs' is 8388608, which makes 25165824 steps of 7 examples, over 16777215"),
            (3, Int.max, "'batchSize' is 9223372036854775807, outside 1…1048575"),
        ])
    func tooManySteps(epochs: Int, batchSize: Int, problem: String) throws {
        var configuration = Self.configuration(epochs: epochs, batchSize: batchSize)
        let error = try #require(throws: ModelError.self) { try Self.trainer(Self.supervised, configuration) }
        #expect("\(error)" == "model configuration: \(problem)")
        configuration = Self.configuration(epochs: 1 << 23)
        configuration.maximumSteps = 1
        #expect(try Self.trainer(Self.supervised, configuration).totalSteps == 1)
    }

    @Test("examples that cannot be learned from are refused by name")
    func refusals() {
        let cases: [(TrainingTask, String)] = [
            (.supervised([]), "training: there are no examples"),
            (
                .supervised([.init(tokens: [1, 2], targetMask: [false, false])]),
                "training example 0: no token is a target"
            ),
            (
                .supervised([.init(tokens: [1], targetMask: [true])]),
                "training example 0: the first token is a target, with nothing before it"
            ),
            (
                .supervised([.init(prompt: [1, 99], response: [2])]),
                "training example 0: token 99 is outside the vocabulary of 37"
            ),
            (
                .preference(
                    [.init(prompt: [1], chosen: [], rejected: [2], referenceChosen: 0, referenceRejected: 0)], .init()
                ),
                "preference pair 0: a response is empty"
            ),
            (
                .preference(
                    [.init(prompt: [1], chosen: [3], rejected: [2], referenceChosen: .nan, referenceRejected: 0)],
                    .init()),
                "preference pair 0: a reference log-probability is not finite"
            ),
        ]
        for (task, text) in cases {
            do {
                _ = try Self.trainer(task, Self.configuration())
                #expect(Bool(false), "\(text)")
            } catch { #expect("\(error)" == text) }
        }
    }
}
