import Foundation
import Model
import Testing

/// Mistakes of other trainers in this field, each kept out by name.
@Suite("Defects seen elsewhere: training")
struct KnownDefectTests {
    /// log p of each token after those before it, from the scorer one token at a time.
    static func tokenLogProbabilities(_ model: LanguageModel, _ tokens: [Int32]) throws -> [Double] {
        let scorer = SequenceScorer(model: model, pool: WorkerPool(threads: 1))
        return try scorer.score(
            (1..<tokens.count).map { .init(prompt: Array(tokens[..<$0]), completion: [tokens[$0]]) }
        ).map(\.logProbability)
    }

    static func firstStep(_ model: LanguageModel, _ task: TrainingTask) throws -> [String: Double] {
        let trainer = try Trainer(
            model: model, task: task,
            configuration: OptimizationConfiguration(schedule: .init(peak: 1e-3), batchSize: 8, dropout: 0),
            seed: 1, pool: WorkerPool(threads: 1))
        return try trainer.step()?.values ?? [:]
    }

    @Test("the loss mask is not inverted: targets count, the prompt does not")
    func maskPolarity() throws {
        let model = try RandomModel.make()
        let tokens = RandomModel.sequence(12, firstTarget: 1, seed: 9).tokens
        let each = try Self.tokenLogProbabilities(model, tokens)
        let loss = try Self.firstStep(
            model, .supervised([.init(prompt: Array(tokens[..<8]), response: Array(tokens[8...]))]))["loss"]
        // Targets are tokens 8 … 11; the log-probability of token i is each[i - 1].
        let response: Double = each[7...].reduce(0, +), prompt: Double = each[..<7].reduce(0, +)
        #expect(abs((loss ?? .nan) + response / 4) < 1e-9)
        #expect(abs((loss ?? .nan) + prompt / 7) > 1e-3)
    }

    @Test("log-probabilities are shifted by one: a token is predicted from those before it")
    func shift() throws {
        // A model that copies its input token: the unshifted reading would be certain of every token.
        let shape = ModelConfiguration(
            vocabularySize: 8, hiddenSize: 8, intermediateSize: 2, layerCount: 1, headCount: 1, keyValueHeadCount: 1,
            headSize: 2, ropeTheta: 10_000, normEpsilon: 1e-5, contextLength: 16, tiesEmbeddings: true)
        let model = try LanguageModel(configuration: shape)
        for index in 0..<8 { model.parameters[index * 8 + index] = 10 }
        for index in 0..<8 { model.parameters[model.layout.finalNorm + index] = 1 }
        let scorer = SequenceScorer(model: model, pool: WorkerPool(threads: 1))
        let scores = try scorer.score([
            .init(prompt: [3], completion: [3]), .init(prompt: [3], completion: [4]),
        ])
        #expect(scores[0].logProbability > -1e-6)
        #expect(scores[1].logProbability < -20)
    }

    @Test("a response's log-probability is the sum over its tokens, not the mean")
    func sumNotMean() throws {
        let model = try RandomModel.make()
        let tokens = RandomModel.sequence(10, firstTarget: 1, seed: 10).tokens
        let each = try Self.tokenLogProbabilities(model, tokens)
        let score = try SequenceScorer(model: model, pool: WorkerPool(threads: 1)).score([
            .init(prompt: Array(tokens[..<4]), completion: Array(tokens[4...]))
        ])[0]
        let sum: Double = each[3...].reduce(0, +)
        #expect(abs(score.logProbability - sum) < 1e-9)
        #expect(score.tokens == 6 && score.meanLogProbability == score.logProbability / 6)
    }

    @Test("the loss is the mean over the batch's tokens, not a mean of examples' means")
    func meanOverTokens() throws {
        let model = try RandomModel.make()
        let long = RandomModel.sequence(30, firstTarget: 2, seed: 11),
            short = RandomModel.sequence(4, firstTarget: 3, seed: 12)
        let each = try [long, short].map { try Self.tokenLogProbabilities(model, $0.tokens) }
        let task = TrainingTask.supervised(
            [long, short].map { SupervisedExample(tokens: $0.tokens, targetMask: $0.targetMask) })
        let loss = try Self.firstStep(model, task)["loss"]
        let longSum: Double = each[0][1...].reduce(0, +), shortSum: Double = each[1][2...].reduce(0, +)
        let expected = -(longSum + shortSum) / (28 + 1)
        #expect(abs((loss ?? .nan) - expected) < 1e-9)
    }

    @Test("a tie is not counted as a success: accuracy is 0 when policy and reference agree")
    func strictAccuracy() throws {
        let model = try RandomModel.make()
        let prompt: [Int32] = [1, 2, 3], chosen: [Int32] = [4, 5], rejected: [Int32] = [6, 7, 8]
        let scores = try SequenceScorer(model: model, pool: WorkerPool(threads: 1)).score([
            .init(prompt: prompt, completion: chosen), .init(prompt: prompt, completion: rejected),
        ])
        let example = PreferenceExample(
            prompt: prompt, chosen: chosen, rejected: rejected, referenceChosen: scores[0].logProbability,
            referenceRejected: scores[1].logProbability)
        let values = try Self.firstStep(model, .preference([example], PreferenceObjective()))
        #expect(values["rewards/accuracies"] == 0)
        #expect(values["rewards/margins"] == 0)
        // The same code path gave the reference, so the margin is zero to the bit.
        #expect(values["loss"] == log(2))
    }

    @Test("prompt tokens never enter a response's log-probability")
    func promptStaysOut() throws {
        let model = try RandomModel.make()
        let scorer = SequenceScorer(model: model, pool: WorkerPool(threads: 1))
        let tokens = RandomModel.sequence(9, firstTarget: 1, seed: 13).tokens
        let whole = try scorer.score([.init(prompt: Array(tokens[..<1]), completion: Array(tokens[1...]))])[0]
        let late = try scorer.score([.init(prompt: Array(tokens[..<6]), completion: Array(tokens[6...]))])[0]
        let early = try scorer.score([.init(prompt: Array(tokens[..<1]), completion: Array(tokens[1..<6]))])[0]
        #expect(abs(whole.logProbability - early.logProbability - late.logProbability) < 1e-9)
    }

    @Test("the configured number of steps is the number taken, and the run ends")
    func stepsArePassedOn() throws {
        let trainer = try Trainer(
            model: RandomModel.make(),
            task: .supervised((0..<5).map { .init(prompt: [1, Int32($0)], response: [2, 3]) }),
            configuration: OptimizationConfiguration(schedule: .init(peak: 1e-3), epochs: 2, batchSize: 2),
            seed: 1, pool: WorkerPool(threads: 1))
        #expect(trainer.totalSteps == 6)
        var taken = 0
        while try trainer.step() != nil { taken += 1 }
        #expect(taken == 6 && trainer.isFinished)
        #expect(try trainer.step() == nil)
    }
}
