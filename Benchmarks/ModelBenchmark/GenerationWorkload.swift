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
        notePeakMemory()
    }

    static func judge(_ model: PretrainedModel, _ settings: Settings) throws {
        var prose = try ProsePrompts(model.tokenizer, settings)
        try answer(
            prose.judging(settings), times: settings.number("verdicts", 3), new: settings.number("new", 80), model,
            settings)
    }

    static func sample(_ model: PretrainedModel, _ settings: Settings) throws {
        var prose = try ProsePrompts(model.tokenizer, settings)
        try answer(
            prose.sampling(settings), times: settings.number("samples", 4), new: settings.number("new", 192), model,
            settings)
    }

    /// Answers as stages ask for them: a shard's prompts a call, each as often as it has answers.
    private static func answer(
        _ prompts: [[Int32]], times: Int, new: Int, _ model: PretrainedModel, _ settings: Settings
    ) throws {
        let standard = GenerationOptions()
        let engine = try engine(
            model, settings, slots: settings.number("slots", standard.slots), prefill: standard.prefillTokens)
        let shard = settings.number("shard", 64)
        func answer(_ prompts: ArraySlice<[Int32]>) throws {
            let requests = prompts.enumerated().flatMap { place, prompt in
                (0..<times).map { index in
                    GenerationRequest(
                        prompt: prompt, maximumNewTokens: new,
                        sampling: SamplingParameters(temperature: 0.7, topP: 0.9),
                        randomKey: UInt64((prompts.startIndex + place) * times + index))
                }
            }
            let results = try engine.generate(requests)
            precondition(results.allSatisfy { $0.tokens.count == new }, "an answer is not of \(new) tokens")
        }
        try answer(prompts.prefix(engine.options.slots / times))
        try measure(units: prompts.count * times * new, repetitions: settings.repetitions, warmUp: false) {
            for first in stride(from: 0, to: prompts.count, by: shard) {
                try answer(prompts[first..<min(first + shard, prompts.count)])
            }
        }
    }

    static func likelihood(_ model: PretrainedModel, _ settings: Settings) throws {
        var prose = try ProsePrompts(model.tokenizer, settings)
        let engine = try engine(model, settings, slots: 1, prefill: 512)
        for text in prose.texts(settings) {
            let prefixes = (1..<text.count).map { Array(text[..<$0]) }
            let rows = try engine.nextTokenLogProbabilities(after: prefixes, of: text)
            for (place, row) in rows.enumerated() { print(row[place + 1]) }
        }
    }

    private static func engine(
        _ model: PretrainedModel, _ settings: Settings, slots: Int, prefill: Int
    ) throws -> GenerationEngine {
        try GenerationEngine(
            model: model.model, precision: settings.precision, weights: settings.weights,
            decoder: PlainTextDecoding(model.tokenizer), pool: settings.pool,
            options: GenerationOptions(slots: slots, prefillTokens: prefill))
    }
}
