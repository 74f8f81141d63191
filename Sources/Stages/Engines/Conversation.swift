internal import Model

/// How a model is talked to: its chat template over its tokenizer.
struct Conversation {
    let tokenizer: Tokenizer
    let template: ChatTemplate
    /// Tokens that end a reply.
    let stopTokens: Set<Int32>

    /// - Throws: `ModelError` for a model without a chat template known here.
    init(_ model: PretrainedModel) throws {
        tokenizer = model.tokenizer
        template = try model.requiredChatTemplate()
        stopTokens = tokenizer.endTokens.union(try template.endOfTurnIDs(tokenizer))
    }

    /// The tokens up to where the reply to `message` is due.
    /// - Parameter examples: turns that stand before it.
    func prompt(_ message: String, after examples: [WorkedExample] = []) throws -> [Int32] {
        var turns: [ChatMessage] = []
        for example in examples {
            turns.append(ChatMessage(.user, example.input))
            turns.append(ChatMessage(.assistant, example.reply))
        }
        return try prompt(turns + [ChatMessage(.user, message)])
    }

    /// The tokens up to where the reply to the last of `turns` is due.
    func prompt(_ turns: [ChatMessage]) throws -> [Int32] {
        try template.encode(turns, addGenerationHeader: true, tokenizer: tokenizer)
    }

    /// The tokens of a reply; those of a whole one end with its closing token.
    func reply(_ text: String, finish: Finish) throws -> [Int32] {
        finish == .stop
            ? try template.encodeReply(text, tokenizer: tokenizer)
            : template.encodeUnfinishedReply(text, tokenizer: tokenizer)
    }
}
