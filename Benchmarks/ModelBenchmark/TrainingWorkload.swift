import Model

/// Steps of training over random tokens: values do not change the time.
enum TrainingWorkload {
    static func supervised(_ model: LanguageModel, _ settings: Settings) throws {
        let sequences = settings.number("sequences", 4), length = settings.number("length", 512)
        var tokens = RandomTokens(model)
        let examples = (0..<sequences).map { _ in
            SupervisedExample(tokens: tokens.next(length + 1), targetMask: (0...length).map { $0 > 0 })
        }
        // Forward, and twice as much backward; a multiplication and an addition are two operations.
        let parameters = model.layout.matrices.reduce(0) { $0 + $1.outFeatures * $1.inFeatures }
        try step(
            .supervised(examples), model, settings, tokens: sequences * length, operationsPerToken: 6 * parameters)
    }

    static func preference(_ model: LanguageModel, _ settings: Settings) throws {
        let pairs = settings.number("pairs", 2), length = settings.number("length", 512)
        let shared = settings.number("shared", 256)
        var tokens = RandomTokens(model)
        let examples = (0..<pairs).map { _ in
            PreferenceExample(
                prompt: tokens.next(shared), chosen: tokens.next(length - shared),
                rejected: tokens.next(length - shared), referenceChosen: -10, referenceRejected: -10)
        }
        try step(.preference(examples, PreferenceObjective()), model, settings, tokens: 2 * pairs * length)
    }

    /// - Parameter operationsPerToken: of matrix products with parameters; beside a rate in these goes that of the
    ///   products alone, measured in turn.
    private static func step(
        _ task: TrainingTask, _ model: LanguageModel, _ settings: Settings, tokens: Int,
        operationsPerToken: Int? = nil
    ) throws {
        let trainer = try Trainer(
            model: model, task: task,
            configuration: OptimizationConfiguration(
                schedule: .init(peak: 1e-6), epochs: settings.repetitions + 1, batchSize: task.exampleCount,
                dropout: 0, tokensPerMicroBatch: settings.number("micro", 2_048)),
            seed: 1, precision: settings.precision, pool: settings.pool)
        let peak = operationsPerToken.map { _ in ProductPeak(settings.precision, pool: settings.pool) }
        _ = try trainer.step()
        for _ in 0..<settings.repetitions {
            let limit = peak?.measure()
            let rate = Double(tokens) / (try ContinuousClock().measure { _ = try trainer.step() }).inSeconds
            print(rate)
            if let operationsPerToken, let limit {
                note("arithmetic \(rate * Double(operationsPerToken) / 1e9) of \(limit) GFLOP/s")
            }
        }
        notePeakMemory()
    }
}

/// Tokens drawn from the whole vocabulary.
struct RandomTokens {
    private var generator = Philox(key: 2)
    private let vocabularySize: Int

    init(_ model: LanguageModel) { vocabularySize = model.configuration.vocabularySize }

    mutating func next(_ count: Int) -> [Int32] {
        (0..<count).map { _ in Int32(generator.below(vocabularySize)) }
    }
}
