import Foundation
import Model

/// Reading prompts and continuing them, of random tokens.
enum GenerationWorkload {
    static func prefill(_ model: PretrainedModel, _ settings: Settings) throws {
        let length = settings.number("length", 512)
        let engine = try engine(model, settings, slots: 1, prefill: length)
        var tokens = RandomTokens(model.model)
        let prompts = (0...settings.repetitions).map { _ in tokens.next(length) }
        var next = 0
        try measure(units: length, repetitions: settings.repetitions) {
            _ = try engine.nextTokenLogProbabilities(after: [prompts[next]], of: [0])
            next += 1
        }
    }

    static func decode(_ model: PretrainedModel, _ settings: Settings) throws {
        let batch = settings.number("batch", 64), new = settings.number("new", 256)
        let engine = try engine(model, settings, slots: batch, prefill: settings.number("prefill", 512))
        var tokens = RandomTokens(model.model)
        let requests = (0..<batch).map { index in
            GenerationRequest(
                prompt: tokens.next(settings.number("prompt", 64)), maximumNewTokens: new,
                sampling: SamplingParameters(temperature: 0.7, topP: 0.9), randomKey: UInt64(index))
        }
        // From the first step in which all are decoded to the last: prompts are not counted.
        var rates: [Double] = []
        for _ in 0...settings.repetitions {
            var start: (time: ContinuousClock.Instant, tokens: Int)?
            var end = (time: ContinuousClock.now, tokens: 0)
            _ = try engine.generate(
                requests,
                observer: GenerationObserver(progress: { progress in
                    end = (.now, progress.newTokens)
                    if start == nil, progress.newTokens >= batch { start = end }
                }))
            guard let start else { fatalError("no step") }
            rates.append(Double(end.tokens - start.tokens) / (end.time - start.time).inSeconds)
        }
        rates.dropFirst().forEach { print($0) }
        FileHandle.standardError.write(Data("peak memory \(peakMemory() >> 20) MiB\n".utf8))
    }

    private static func engine(
        _ model: PretrainedModel, _ settings: Settings, slots: Int, prefill: Int
    ) throws -> GenerationEngine {
        try GenerationEngine(
            model: model.model, precision: settings.precision, decoder: PlainTextDecoding(model.tokenizer),
            pool: settings.pool, options: GenerationOptions(slots: slots, prefillTokens: prefill))
    }
}
