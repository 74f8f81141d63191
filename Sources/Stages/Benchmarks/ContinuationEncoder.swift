package import Model

/// Cuts a prompt and what follows it into tokens, as the harness does: the whole text is encoded at once, and what lies
/// behind the tokens of the prompt alone is the continuation. White space at the prompt's end belongs to the latter.
package struct ContinuationEncoder {
    package struct Encoded: Equatable, Sendable {
        package let prompt: [Int32]
        package let continuation: [Int32]
        /// How many tokens of the prompt were cut off at its beginning.
        package let truncated: Int
    }

    private let tokenizer: Tokenizer
    /// Set where prompts go through the model's chat template.
    private let conversation: Conversation?
    private let contextLength: Int
    /// Tokens that end a written answer.
    let stopTokens: Set<Int32>

    package init(_ model: PretrainedModel, chat: Bool) throws {
        tokenizer = model.tokenizer
        conversation = chat ? try Conversation(model) : nil
        contextLength = model.model.configuration.contextLength
        stopTokens = conversation?.stopTokens ?? tokenizer.endTokens
    }

    /// The two parts of `prompt` + `continuation`, cut at the left to fit the model; nil where the continuation alone
    /// does not fit.
    package func encode(_ prompt: String, _ continuation: String) throws -> Encoded? {
        let whole = try parts(prompt, continuation)
        let room = contextLength - whole.continuation.count
        guard room > 0 else { return nil }
        return Encoded(
            prompt: whole.prompt.suffix(room), continuation: whole.continuation,
            truncated: max(0, whole.prompt.count - room))
    }

    /// The tokens of a prompt that leaves room for so many new ones; nil where the model has no such room.
    func encode(_ prompt: String, room: Int) throws -> (tokens: [Int32], truncated: Int)? {
        guard contextLength > room else { return nil }
        let tokens = try conversation?.prompt(prompt) ?? begun(tokenizer.encode(prompt))
        return (tokens.suffix(contextLength - room), max(0, tokens.count - (contextLength - room)))
    }

    private func parts(_ prompt: String, _ continuation: String) throws -> (prompt: [Int32], continuation: [Int32]) {
        if let conversation {
            // A turn begins with the answer itself, as the harness has it too: the space is between words.
            let reply = BenchmarkItem.Choice(continuation: continuation).text
            return try (conversation.prompt(prompt), conversation.reply(reply, finish: .length))
        }
        let spaces = PythonText.trailingSpaces(prompt.unicodeScalars)
        let context = String(String.UnicodeScalarView(prompt.unicodeScalars.dropLast(spaces)))
        let whole = tokenizer.encode(prompt + continuation)
        let before = tokenizer.encode(context)
        if before.isEmpty { return (begun([]), whole) }
        // A tokenizer that joins the two into fewer tokens leaves the last of them to be told.
        guard whole.count > before.count else { return (begun(before), whole.suffix(1)) }
        return (begun(before), Array(whole[before.count...]))
    }

    /// Tokens behind the one that begins a text, where the tokenizer puts such. Where nothing else stands, the model is
    /// given the token that begins or ends a text.
    private func begun(_ tokens: [Int32]) -> [Int32] {
        let beginning = tokenizer.definition.addsBeginning ? tokenizer.beginning : nil
        if let beginning { return [beginning] + tokens }
        return tokens.isEmpty ? [tokenizer.beginning ?? tokenizer.end].compactMap(\.self) : tokens
    }
}
