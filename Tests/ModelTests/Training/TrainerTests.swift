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

    /// Pairs with mismatched completions that the policy finds likelier than the reference did, so that z is over 0.
    static let desirability: TrainingTask = {
        guard case .preference(let pairs, _) = preference else { return preference }
        return .preference(
            pairs.indices.map { index in
                var pair = pairs[index]
                let other = pairs[(index + 1) % pairs.count]
                pair.mismatched = [
                    MismatchedCompletion(tokens: other.chosen, reference: -40),
                    MismatchedCompletion(tokens: other.rejected, reference: -38),
                ]
                return pair
            }, PreferenceObjective(loss: .kto))
    }()

    static func trainer(
        _ task: TrainingTask, _ configuration: OptimizationConfiguration, _ precision: Precision = .single,
        seed: UInt64 = 4, threads: Int = 2, recomputesActivations: Bool = false
    ) throws -> Trainer {
        try Trainer(
            model: RandomModel.make(), task: task, configuration: configuration, seed: seed,
            precision: precision, recomputesActivations: recomputesActivations, pool: WorkerPool(threads: threads))
    }

    static func finish(_ trainer: Trainer) throws -> (steps: [StepMetrics], parameters: [Float]) {
        var steps: [StepMetrics] = []
        while let metrics = try trainer.step() { steps.append(metrics) }
        return (steps, trainer.model.parameters.withUnsafeBufferPointer { Array($0) })
    }

    @Test(
        "the number of threads changes nothing", arguments: [supervised, preference, desirability],
        Precision.allCases)
    func threads(task: TrainingTask, precision: Precision) throws {
        let one = try Self.finish(Self.trainer(task, Self.configuration(), precision, threads: 1))
        let three = try Self.finish(Self.trainer(task, Self.configuration(), precision, threads: 3))
        #expect(one.steps == three.steps)
        #expect(one.parameters == three.parameters)
    }

    @Test(
        "activations that are computed again are the same to the bit, dropout and all",
        arguments: [supervised, preference, desirability], Precision.allCases)
    func recomputedActivations(task: TrainingTask, precision: Precision) throws {
        let kept = try Self.finish(Self.trainer(task, Self.configuration(tokens: 64), precision))
        let computed = try Self.finish(
            Self.trainer(task, Self.configuration(tokens: 64), precision, recomputesActivations: true))
        #expect(kept.steps == computed.steps)
        #expect(kept.parameters == computed.parameters)
    }

    @Test("without kept activations a batch takes the memory of one layer and the streams")
    func recomputedMemory() throws {
        func count(_ recomputes: Bool, keeps: Bool) throws -> Int {
            let transformer = Transformer(
                model: try RandomModel.make(), recomputesActivations: recomputes, pool: WorkerPool(threads: 1))
            let sequence = RandomModel.sequence(40, firstTarget: 3, seed: 1)
            _ = transformer.forward(PackedBatch([sequence]), keepActivations: keeps)
            return transformer.activationCount
        }
        let kept = try count(false, keeps: true), streams = try count(true, keeps: true)
        let inference = try count(true, keeps: false)
        #expect(inference < streams && streams < kept)
    }

    @Test(
        "evaluating learns nothing, and sees what the next step sees",
        arguments: [supervised, preference, desirability], Precision.allCases)
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

    @Test("KTO's divergence and loss do not depend on the size of micro-batches")
    func divergenceOfMicroBatches() throws {
        let steps = try [1, 40, 10_000].map { tokens in
            try Self.finish(Self.trainer(Self.desirability, Self.configuration(dropout: 0, tokens: tokens))).steps
        }
        let first = steps.map { $0[0].values }
        #expect(try #require(first[0]["kl"]) > 1)
        for values in first { #expect(values["kl"] == first[0]["kl"] && values["loss"] == first[0]["loss"]) }
        // Gradients are summed in another order, and the later steps start from what they made.
        for other in steps[1...] {
            for (one, another) in zip(steps[0], other) {
                #expect(abs((one.values["loss"] ?? .nan) - (another.values["loss"] ?? .nan)) < 1e-4)
            }
        }
    }

    @Test("KTO's divergence is the mean over the step's mismatched completions, never under 0, and without dropout")
    func divergence() throws {
        guard case .preference(var pairs, let objective) = Self.desirability else { return }
        let scores = try SequenceScorer(model: RandomModel.make(), pool: WorkerPool(threads: 1)).score(
            pairs.flatMap { pair in pair.mismatched.map { .init(prompt: pair.prompt, completion: $0.tokens) } })
        let sum: Double = scores.map(\.logProbability).reduce(0, +)
        // −40 and −38 for each pair.
        let expected = (sum + 78 * Double(pairs.count)) / Double(2 * pairs.count)
        func divergence() throws -> Double? {
            let configuration = Self.configuration(batchSize: pairs.count, dropout: 0.4)
            return try Self.trainer(.preference(pairs, objective), configuration).step()?.values["kl"]
        }
        #expect(abs(try #require(try divergence()) - expected) < 1e-9)
        for index in pairs.indices { pairs[index].mismatched = [.init(tokens: pairs[index].chosen, reference: 0)] }
        #expect(try divergence() == 0)
        let plain = try Self.trainer(Self.preference, Self.configuration()).step()
        #expect(try #require(plain).values["kl"] == nil)
    }

    @Test("nothing is learned from mismatched completions: others of the same divergence give the same gradient")
    func divergenceIsConstant() throws {
        guard case .preference(let pairs, let objective) = Self.desirability else { return }
        let scorer = try SequenceScorer(model: RandomModel.make(), pool: WorkerPool(threads: 1))
        /// The first step where each pair has `tokens` of its own behind it, 3 nats likelier than the reference found.
        func step(_ tokens: (PreferenceExample) -> [Int32]) throws -> [String: Double] {
            let changed = try pairs.map { pair in
                let score = try scorer.score([.init(prompt: pair.prompt, completion: tokens(pair))])[0]
                var pair = pair
                pair.mismatched = [.init(tokens: tokens(pair), reference: score.logProbability - 3)]
                return pair
            }
            let configuration = Self.configuration(batchSize: pairs.count, dropout: 0)
            return try Self.trainer(.preference(changed, objective), configuration).step()?.values ?? [:]
        }
        let long = try step { $0.rejected + $0.rejected }, short = try step { Array($0.chosen.prefix(1)) }
        for values in [long, short] { #expect(abs((values["kl"] ?? .nan) - 3) < 1e-9) }
        let norms = (long["grad_norm"] ?? .nan, short["grad_norm"] ?? .nan)
        #expect(norms.0 > 0 && abs(norms.0 - norms.1) < 1e-6 * norms.0, "\(norms)")
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
            (
                Self.preferring(mismatched: []),
                "preference pair 0: there is no mismatched completion, which 'kto' needs"
            ),
            (
                Self.preferring(mismatched: [.init(tokens: [], reference: 0)]),
                "preference pair 0: a mismatched completion is empty"
            ),
            (
                Self.preferring(mismatched: [.init(tokens: [3], reference: .infinity)]),
                "preference pair 0: a mismatched completion's reference log-probability is not finite"
            ),
            (
                Self.preferring(mismatched: [.init(tokens: [99], reference: 0)]),
                "preference pair 0: token 99 is outside the vocabulary of 37"
            ),
        ]
        for (task, text) in cases {
            do {
                _ = try Self.trainer(task, Self.configuration())
                #expect(Bool(false), "\(text)")
            } catch { #expect("\(error)" == text) }
        }
    }

    private static func preferring(mismatched: [MismatchedCompletion]) -> TrainingTask {
        .preference(
            [
                .init(
                    prompt: [1], chosen: [3], rejected: [2], referenceChosen: 0, referenceRejected: 0,
                    mismatched: mismatched)
            ], .init(loss: .kto))
    }
}
