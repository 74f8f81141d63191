/// How a conversation is written for a model: what stands around each turn, as data.
///
/// Only the template writes control tokens. Whatever a message contains is text: see `encode`.
public struct ChatTemplate: Codable, Hashable, Sendable {
    /// What stands before and after a message's content.
    public struct Turn: Codable, Hashable, Sendable {
        public var prefix: String
        public var suffix: String

        public init(prefix: String, suffix: String) {
            self.prefix = prefix
            self.suffix = suffix
        }
    }

    /// Where a system message goes.
    public enum SystemPlacement: String, Codable, Hashable, Sendable {
        /// In a turn of its own.
        case ownTurn
        /// Inside the first user turn, before its content.
        case firstUserTurn
    }

    public var name: String
    /// Written once, before everything: `<|begin_of_text|>`, `<s>`, or nothing.
    public var beginning: String
    public var system: Turn
    public var user: Turn
    public var assistant: Turn
    public var systemPlacement: SystemPlacement
    /// The system text of a conversation that brings none; nil writes no system turn then.
    public var defaultSystem: String?
    /// Written where the model's reply is due.
    public var generationHeader: String
    /// The control tokens that end a reply, the one that a finished reply is trained to end with first.
    public var endOfTurn: [String]
    /// Whether white space around a message's content is dropped.
    public var trimsContent: Bool
    /// Whether user and assistant must take turns.
    public var alternates: Bool

    public init(
        name: String, beginning: String = "", system: Turn, user: Turn, assistant: Turn,
        systemPlacement: SystemPlacement = .ownTurn, defaultSystem: String? = nil, generationHeader: String,
        endOfTurn: [String], trimsContent: Bool = false, alternates: Bool = false
    ) {
        self.name = name
        self.beginning = beginning
        self.system = system
        self.user = user
        self.assistant = assistant
        self.systemPlacement = systemPlacement
        self.defaultSystem = defaultSystem
        self.generationHeader = generationHeader
        self.endOfTurn = endOfTurn
        self.trimsContent = trimsContent
        self.alternates = alternates
    }

    // MARK: Writing a conversation

    /// The conversation as the model sees it.
    ///
    /// - Parameter addGenerationHeader: whether the text ends where the assistant's reply is due.
    /// - Throws: `ModelError.conversation` for turns in an order that the template cannot write.
    public func render(_ messages: [ChatMessage], addGenerationHeader: Bool) throws(ModelError) -> String {
        try parts(messages, addGenerationHeader: addGenerationHeader).map(\.text).joined()
    }

    /// The conversation as token ids, in which only the template's own text becomes control tokens.
    ///
    /// - Throws: `ModelError.conversation` for turns in an order that the template cannot write.
    public func encode(
        _ messages: [ChatMessage], addGenerationHeader: Bool, tokenizer: Tokenizer
    ) throws(ModelError) -> [Int32] {
        tokenizer.encode(try parts(messages, addGenerationHeader: addGenerationHeader))
    }

    /// The ids of a reply as the model should write it after the generation header, its closing token included.
    ///
    /// What the template writes after that token (a line break) is not the model's to predict, and is not included.
    /// - Throws: `ModelError.file` when the tokenizer lacks the closing token.
    public func encodeReply(_ content: String, tokenizer: Tokenizer) throws(ModelError) -> [Int32] {
        let closing = try endOfTurnIDs(tokenizer)[0]
        var tail = assistant.suffix[...]
        if let range = tail.firstRange(of: endOfTurn[0]) { tail = tail[..<range.lowerBound] } else { tail = "" }
        return tokenizer.encodeContinuation(replyLead + text(content) + String(tail)) + [closing]
    }

    /// The ids of a reply that was cut off: as `encodeReply`, without anything that closes it.
    public func encodeUnfinishedReply(_ content: String, tokenizer: Tokenizer) -> [Int32] {
        tokenizer.encodeContinuation(replyLead + text(content))
    }

    /// What the generation header leaves unsaid of the assistant's prefix: it is the model's to write.
    private var replyLead: String {
        assistant.prefix.hasPrefix(generationHeader) ? String(assistant.prefix.dropFirst(generationHeader.count)) : ""
    }

    /// The ids that end a reply, in the order of `endOfTurn`; those after the first may be missing from a vocabulary.
    ///
    /// - Throws: `ModelError.file` when the tokenizer lacks the first.
    public func endOfTurnIDs(_ tokenizer: Tokenizer) throws(ModelError) -> [Int32] {
        guard let first = endOfTurn.first, let closing = tokenizer.id(of: first) else {
            throw .file(
                name: "tokenizer",
                problem: "lacks the token '\(endOfTurn.first ?? "")' that ends a turn of the template '\(name)'",
                remedy: "choose another chat template")
        }
        return [closing] + endOfTurn.dropFirst().compactMap { tokenizer.id(of: $0) }
    }

    private func text(_ content: String) -> String { trimsContent ? content.trimmed : content }

    /// The conversation in parts: the template's, trusted, and the messages', not.
    func parts(_ messages: [ChatMessage], addGenerationHeader: Bool) throws(ModelError) -> [Tokenizer.Part] {
        try check(messages)
        var parts: [Tokenizer.Part] = []
        func write(_ text: String, isTrusted: Bool) {
            if !text.isEmpty { parts.append(Tokenizer.Part(text, isTrusted: isTrusted)) }
        }
        func write(_ turn: Turn, _ content: String, isTrusted: Bool = false) {
            write(turn.prefix, isTrusted: true)
            write(content, isTrusted: isTrusted)
            write(turn.suffix, isTrusted: true)
        }
        write(beginning, isTrusted: true)
        var turns = messages[...]
        var folded: String?
        switch (systemPlacement, messages.first?.role) {
        case (.ownTurn, .system): break
        case (.ownTurn, _): if let defaultSystem { write(system, defaultSystem, isTrusted: true) }
        case (.firstUserTurn, .system): folded = turns.removeFirst().content
        case (.firstUserTurn, _): folded = defaultSystem
        }
        for message in turns {
            switch message.role {
            case .system: write(system, text(message.content))
            case .assistant: write(assistant, text(message.content))
            case .user:
                guard let instructions = folded else {
                    write(user, text(message.content))
                    continue
                }
                // The instructions stand first, so only white space at the end of the content is at an edge.
                write(user.prefix, isTrusted: true)
                write(system, instructions)
                write(trimsContent ? message.content.trimmedAtEnd : message.content, isTrusted: false)
                write(user.suffix, isTrusted: true)
                folded = nil
            }
        }
        if addGenerationHeader { write(generationHeader, isTrusted: true) }
        return parts
    }

    private func check(_ messages: [ChatMessage]) throws(ModelError) {
        guard alternates || systemPlacement == .firstUserTurn else { return }
        let turns = messages.first?.role == .system ? messages.dropFirst() : messages[...]
        for (index, message) in turns.enumerated() {
            let expected: ChatMessage.Role = index % 2 == 0 ? .user : .assistant
            guard message.role == expected else {
                throw .conversation(
                    problem: "the template '\(name)' wants a turn of the \(expected.rawValue) where message "
                        + "\(turns.startIndex + index + 1) is of the \(message.role.rawValue)")
            }
        }
    }
}

extension String {
    /// Without white space at either end.
    fileprivate var trimmed: String {
        let start = unicodeScalars.drop { $0.properties.isWhitespace }
        return String(start).trimmedAtEnd
    }

    fileprivate var trimmedAtEnd: String {
        var scalars = unicodeScalars[...]
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return String(scalars)
    }
}
