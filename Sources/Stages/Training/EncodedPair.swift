internal import Model

/// A preference pair as the model reads it.
struct EncodedPair {
    let pair: PreferencePair
    let prompt: [Int32]
    /// With their closing tokens, unless they were cut off: the model did not end them there.
    let chosen: [Int32]
    let rejected: [Int32]

    init(_ pair: PreferencePair, _ conversation: Conversation) throws {
        self.pair = pair
        prompt = try conversation.prompt(pair.prompt)
        chosen = try conversation.reply(pair.chosen, finish: pair.chosenFinish)
        rejected = try conversation.reply(pair.rejected, finish: pair.rejectedFinish)
    }

    /// Tokens of the prompt with the longer response.
    var length: Int { prompt.count + max(chosen.count, rejected.count) }
}
