import Model

/// Steps of training over random tokens: values do not change the time.
enum TrainingWorkload {
    static func supervised(_ model: LanguageModel, _ settings: Settings) throws {
        let sequences = settings.number("sequences", 4), length = settings.number("length", 512)
        var tokens = RandomTokens(model)
        let examples = (0..<sequences).map { _ in
            SupervisedExample(tokens: tokens.next(length + 1), targetMask: (0...length).map { $0 > 0 })
        }
        try step(.supervised(examples), model, settings, tokens: sequences * length)
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

    private static func step(
        _ task: TrainingTask, _ model: LanguageModel, _ settings: Settings, tokens: Int
    ) throws {
        let trainer = try Trainer(
            model: model, task: task,
            configuration: OptimizationConfiguration(
                schedule: .init(peak: 1e-6), epochs: settings.repetitions + 1, batchSize: task.exampleCount,
                dropout: 0, tokensPerMicroBatch: settings.number("micro", 2_048)),
            seed: 1, precision: settings.precision, pool: settings.pool)
        try measure(units: tokens, repetitions: settings.repetitions) { _ = try trainer.step() }
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
