internal import Model
internal import Pipeline

/// A conversation with a model: what was said, and how it goes on.
final class ChatSession {
    struct Settings {
        var sampling: SamplingParameters
        var maximumNewTokens: Int
        var seed: UInt64
        var weights: WeightFormat
    }

    private let settings: Settings
    private let tokenizer: Tokenizer
    private let template: ChatTemplate
    private let stopTokens: Set<Int32>
    private let engine: GenerationEngine
    private let stream: ReplyStream
    private var messages: [ChatMessage]
    private var turns = 0

    /// - Throws: `ModelError` for a model without a chat template known here.
    init(model: PretrainedModel, system: String?, settings: Settings, threads: Int) throws {
        self.settings = settings
        tokenizer = model.tokenizer
        template = try model.requiredChatTemplate()
        stopTokens = tokenizer.endTokens.union(try template.endOfTurnIDs(tokenizer))
        stream = ReplyStream(tokenizer)
        engine = try GenerationEngine(
            model: model.model, precision: settings.weights == .full ? .fastest : .bfloat16,
            weights: settings.weights,
            decoder: stream, pool: WorkerPool(threads: threads), options: GenerationOptions(slots: 1))
        messages = system.map { [ChatMessage(.system, $0)] } ?? []
    }

    /// Answers `text`; the reply goes to stdout as it is drawn.
    /// - Returns: how the reply ended.
    func say(_ text: String) throws -> GenerationResult.Finish {
        let asked = messages + [ChatMessage(.user, text)]
        let request = GenerationRequest(
            prompt: try template.encode(asked, addGenerationHeader: true, tokenizer: tokenizer),
            maximumNewTokens: settings.maximumNewTokens, stopTokens: stopTokens, sampling: settings.sampling,
            randomKey: SeedPath(root: settings.seed).child("chat", String(turns)).key)
        let results = try engine.generate([request])
        stream.finish()
        turns += 1
        guard let reply = results.first else { return .length }
        messages = asked + [ChatMessage(.assistant, reply.text)]
        return reply.finish
    }
}
