internal import Model

/// A preference pair as the model reads it.
struct EncodedPair {
    let pair: PreferencePair
    let prompt: [Int]
    /// With their closing tokens.
    let chosen: [Int]
    let rejected: [Int]

    init(_ pair: PreferencePair, _ conversation: Conversation) throws {
        self.pair = pair
        prompt = try conversation.prompt(pair.prompt).map(Int.init)
        chosen = try conversation.reply(pair.chosen).map(Int.init)
        rejected = try conversation.reply(pair.rejected).map(Int.init)
    }

    /// Tokens of the prompt with the longer response.
    var length: Int { prompt.count + max(chosen.count, rejected.count) }
}
