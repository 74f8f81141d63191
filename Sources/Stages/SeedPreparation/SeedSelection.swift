/// A tree whose first turn can serve as seed data.
package struct SelectedTree: Equatable, Sendable {
    package let id: String
    package let prompt: String
    /// The reply with rank 0, if there is one: instruction fine-tuning data.
    package let best: String?
    /// The ranked replies, best first, if there are at least two: a human ranking.
    package let ranked: [Ranking.Response]
}

/// Chooses first turns in English of good quality (paper §3.1.1).
package struct SeedSelection: Sendable {
    package enum Reason: String, CaseIterable {
        case noPrompt = "no-prompt"
        case notReady = "not-ready-for-export"
        case notAPrompt = "not-a-prompt"
        case language
        case deleted
        case synthetic
        case failedReview = "failed-review"
        case empty
        /// Neither a reply with rank 0 nor two ranked ones.
        case noUsableReply = "no-usable-reply"
        /// The prompt of an earlier tree, word for word: it could end up on both sides of a split.
        case duplicatePrompt = "duplicate-prompt"
        /// A prompt that resembles that of an earlier tree.
        case nearDuplicate = "near-duplicate"
        /// The id of an earlier tree.
        case repeated
    }

    package enum Outcome: Equatable {
        case selected(SelectedTree)
        case dropped(Reason, detail: String)

        /// Nil for one that was dropped.
        package var tree: SelectedTree? {
            if case .selected(let tree) = self { tree } else { nil }
        }
    }

    package var language = "en"
    /// Take messages that a model wrote. Open Assistant marks some, and the paper's data are human.
    package var keepsSynthetic = false

    package init() {}

    package func select(_ tree: ConversationTree) -> Outcome {
        if let state = tree.state, state != "ready_for_export" { return .dropped(.notReady, detail: state) }
        guard let prompt = tree.prompt else {
            return .dropped(.noPrompt, detail: "the file has replies of this tree, but not its prompt")
        }
        if prompt.role != "prompter" || prompt.parent != nil { return .dropped(.notAPrompt, detail: prompt.role) }
        if let objection = objection(to: prompt) { return .dropped(objection, detail: "prompt") }
        let replies = tree.replies.filter { $0.role == "assistant" && objection(to: $0) == nil }
        let ranked = replies.compactMap { reply in
            reply.rank.map { Ranking.Response(id: reply.id, text: reply.text, rank: $0) }
        }.sorted { ($0.rank, $0.id) < ($1.rank, $1.id) }
        let isRanking = Set(ranked.map(\.rank)).count >= 2
        let best = ranked.first.flatMap { $0.rank == 0 ? $0.text : nil }
        guard best != nil || isRanking else {
            return .dropped(
                .noUsableReply,
                detail: "\(tree.replies.count) replies, \(replies.count) usable, \(ranked.count) of these ranked")
        }
        return .selected(
            SelectedTree(id: tree.id, prompt: prompt.text, best: best, ranked: isRanking ? ranked : []))
    }

    private func objection(to message: SeedMessage) -> Reason? {
        if !speaksLanguage(message) { return .language }
        if message.isDeleted { return .deleted }
        if message.isSynthetic && !keepsSynthetic { return .synthetic }
        if message.passedReview == false { return .failedReview }
        if message.text.allSatisfy(\.isWhitespace) { return .empty }
        return nil
    }

    /// Whether the message is in the language asked for. Rows of plain forms may leave it open, and may name a region
    /// that was not asked for: `en-US` is English.
    private func speaksLanguage(_ message: SeedMessage) -> Bool {
        guard message.isPlain else { return message.language == language }
        guard let stated = message.language?.lowercased() else { return true }
        return stated == language.lowercased() || stated.prefix { $0 != "-" && $0 != "_" } == language.lowercased()
    }
}
