internal import Artifacts

/// A first turn from a row that is no Open Assistant message: a prompt, and its responses with their ranks.
///
/// Rows of these forms have no ids, and nearly always no language and no reviews. What stands behind the first reply of a
/// dialogue is left aside, as with conversation trees.
struct PlainSeed: Equatable {
    let prompt: String
    /// 0 is the best; the same number where neither is better.
    var responses: [(text: String, rank: Int)]
    var language: String?

    static func == (a: Self, b: Self) -> Bool {
        a.prompt == b.prompt && a.language == b.language && a.responses.map(\.text) == b.responses.map(\.text)
            && a.responses.map(\.rank) == b.responses.map(\.rank)
    }
}

extension PlainSeed {
    /// - Throws: `StageError.malformedLine` for a member that is not as the form has it.
    init(_ row: RowReader, form: SeedForm) throws {
        switch form {
        case .alpaca: try self.init(alpaca: row)
        case .conversation: try self.init(conversation: row)
        case .preference: try self.init(preference: row)
        case .scored: try self.init(scored: row)
        case .pair:
            let key = row.value["response"] == nil ? "completion" : "response"
            let prompt = try row.dialogue("prompt"), reply = try row.dialogue(key)
            self.init(
                prompt: try prompt.opening(row, "prompt"),
                responses: prompt.isAnswered(by: [reply]) ? [(try reply.lastReply(row, key), 0)] : [])
        case .tree, .message, .thread:
            preconditionFailure("PlainSeed: '\(form.rawValue)' has messages of its own")
        }
        language = Self.language(row.value["lang"]) ?? Self.language(row.value["language"])
    }

    /// A language's code, with its region perhaps: `en`, `eng`, `en-US`. Nil for whatever else a member of that name
    /// holds: programming languages, in instructions for programs.
    private static func language(_ member: JSONValue?) -> String? {
        member?.stringValue.flatMap { text in
            text.wholeMatch(of: #/[A-Za-z]{2,3}([-_]([A-Za-z]{2}|[0-9]{3}))?/#) == nil ? nil : text
        }
    }

    private init(alpaca row: RowReader) throws {
        let input = try row.optionalString("input") ?? ""
        let instruction = try row.string("instruction")
        let isAlone = input.allSatisfy(\.isWhitespace)
        self.init(
            prompt: isAlone ? instruction : instruction + "\n\n" + input,
            responses: [(try row.string("output"), 0)])
    }

    private init(conversation row: RowReader) throws {
        let key = row.value["messages"] == nil ? "conversations" : "messages"
        let turns = try row.dialogue(key).turns
        let first = turns.firstIndex { $0.role == .user }
        guard let first, first + 1 < turns.count, turns[first + 1].role == .assistant else {
            throw row.failure("'\(key)' has no reply of the assistant behind the user's first message")
        }
        self.init(
            prompt: try Dialogue(turns: Array(turns[...first])).opening(row, key),
            responses: [(turns[first + 1].text, 0)])
    }

    private init(preference row: RowReader) throws {
        let chosen = try row.dialogue("chosen"), rejected = try row.dialogue("rejected")
        let hasPrompt = row.value["prompt"] != nil && row.value["prompt"] != .null
        guard hasPrompt || chosen.turns.count > 1 else {
            throw row.failure("has no 'prompt', and 'chosen' is no dialogue that would hold it")
        }
        let prompt = hasPrompt ? try row.dialogue("prompt") : Dialogue(turns: chosen.turns.dropLast())
        self.init(
            prompt: try prompt.opening(row, hasPrompt ? "prompt" : "chosen"),
            responses: prompt.isAnswered(by: [chosen, rejected])
                ? [(try chosen.lastReply(row, "chosen"), 0), (try rejected.lastReply(row, "rejected"), 1)] : [])
    }

    private typealias ScoredText = (text: String, score: Double)

    private init(scored row: RowReader) throws {
        let key = row.value["completions"] == nil ? "responses" : "completions"
        let prompt = try row.optionalString("instruction") ?? row.string("prompt")
        let entries = try row.array(key)
        let judged =
            try Self.scoredTexts(entries, key, row)
            ?? entries.map { value -> ScoredText in
                guard case .object = value else {
                    throw row.failure("an entry of '\(key)' is \(value.typeName) where others are objects")
                }
                let entry = RowReader(value: value, file: row.file, line: row.line)
                let text = try entry.optionalString("response") ?? entry.string("text")
                // A rank counts downwards.
                if let rank = try entry.optionalInteger("rank") { return (text, -Double(rank)) }
                let members = ["overall_score", "score", "rating"]
                guard let score = members.lazy.compactMap({ value[$0]?.doubleValue }).first, score.isFinite else {
                    throw row.failure(
                        "an entry of '\(key)' has no number as 'rank', 'overall_score', 'score' or 'rating'")
                }
                return (text, score)
            }
        let scores = Set(judged.map(\.score)).sorted(by: >)
        self.init(prompt: prompt, responses: judged.map { ($0.text, scores.firstIndex(of: $0.score) ?? 0) })
    }

    /// Responses that are plain texts, with their scores in a list beside them; nil where an entry is an object.
    /// - Throws: `StageError.malformedLine` where there is no such list, or not a number for each.
    private static func scoredTexts(
        _ entries: [JSONValue], _ key: String, _ row: RowReader
    ) throws -> [ScoredText]? {
        let texts = entries.compactMap(\.stringValue)
        guard !texts.isEmpty, texts.count == entries.count else { return nil }
        let lists = ["ranks", "scores", "ratings"]
        guard let list = lists.first(where: { row.value[$0]?.arrayValue != nil }) else {
            throw row.failure(
                "'\(key)' holds plain texts, and nothing says which is better; give each a number in a list 'scores' "
                    + "or 'ranks' beside it, or make them objects with 'response' and 'overall_score'")
        }
        let listed = try row.array(list), numbers = listed.compactMap(\.doubleValue).filter(\.isFinite)
        guard numbers.count == texts.count, numbers.count == listed.count else {
            throw row.failure("'\(list)' must hold a number for each of the \(texts.count) texts of '\(key)'")
        }
        // A rank counts downwards.
        return zip(texts, numbers).map { ($0, list == "ranks" ? -$1 : $1) }
    }

    private init(prompt: String, responses: [(text: String, rank: Int)]) {
        self.prompt = prompt
        self.responses = responses
    }

    /// The tree that the row stands for. Its id follows from its content and from how many such rows there were before.
    func tree(occurrence: Int) -> (tree: ConversationTree, replies: [SeedMessage]) {
        let content: [JSONValue] =
            [.string(prompt)] + responses.map { .array([.string($0.text), .integer(Int64($0.rank))]) }
        let id = RecordID.derive("seed-row", content + (occurrence == 0 ? [] : [.integer(Int64(occurrence))]))
        func message(_ name: String, parent: String?, text: String, role: String, rank: Int?) -> SeedMessage {
            SeedMessage(
                id: "\(id)-\(name)", parent: parent, text: text, role: role, language: language, isDeleted: false,
                isSynthetic: false, passedReview: nil, rank: rank, isPlain: true)
        }
        let opening = message("prompt", parent: nil, text: prompt, role: "prompter", rank: nil)
        let replies = responses.enumerated().map { position, response in
            message("\(position)", parent: opening.id, text: response.text, role: "assistant", rank: response.rank)
        }
        return (ConversationTree(id: id, state: nil, prompt: opening), replies)
    }
}

/// The turns of a text or of a list of messages.
struct Dialogue {
    enum Role { case system, user, assistant }

    let turns: [(role: Role, text: String)]

    /// The user's first message, behind what a system message says.
    func opening(_ row: RowReader, _ key: String) throws -> String {
        guard let user = turns.first(where: { $0.role == .user }) else {
            throw row.failure("'\(key)' has no message of the user")
        }
        let system = turns.prefix { $0.role == .system }.map(\.text).filter { !$0.allSatisfy(\.isWhitespace) }
        return (system + [user.text]).joined(separator: "\n\n")
    }

    /// Whether the replies answer this opening itself: with later turns, or another opening, before them they say nothing
    /// of a first reply.
    func isAnswered(by replies: [Dialogue]) -> Bool {
        let spoken = turns.filter { $0.role != .system }
        return spoken.count == 1
            && replies.allSatisfy { reply in
                let before = reply.turns.dropLast().filter { $0.role != .system }.map(\.text)
                return before.isEmpty || before == [spoken[0].text]
            }
    }

    /// What the assistant says last.
    func lastReply(_ row: RowReader, _ key: String) throws -> String {
        guard let last = turns.last, last.role == .assistant else {
            throw row.failure("'\(key)' does not end with a message of the assistant")
        }
        return last.text
    }
}

extension RowReader {
    private static let roles: [String: Dialogue.Role] = [
        "system": .system, "user": .user, "human": .user, "prompter": .user, "assistant": .assistant,
        "gpt": .assistant, "model": .assistant, "bot": .assistant,
    ]

    /// A member that is a list of messages, the text of dialogues with `Human:` and `Assistant:` before each turn, or a
    /// plain text: that of the user where the member is `prompt`, else of the assistant.
    func dialogue(_ key: String) throws -> Dialogue {
        if let text = value[key]?.stringValue {
            if let turns = Self.markedTurns(text) { return Dialogue(turns: turns) }
            return Dialogue(turns: [(key == "prompt" ? .user : .assistant, text)])
        }
        guard let list = value[key]?.arrayValue else {
            throw failure(
                "'\(key)' must be a text or a list of messages, not \(value[key]?.typeName ?? "absent")")
        }
        let turns = try list.map { value -> (Dialogue.Role, String) in
            let message = inner(value)
            guard let name = try message.optionalString("role") ?? message.optionalString("from") else {
                throw failure("a message of '\(key)' has no 'role'")
            }
            guard let role = Self.roles[name.lowercased()] else {
                let known = Self.roles.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
                throw failure("a message of '\(key)' has the role '\(name)'; known: \(known)")
            }
            return (role, try message.optionalString("content") ?? message.string("value"))
        }
        guard !turns.isEmpty else { throw failure("'\(key)' is empty") }
        return Dialogue(turns: turns)
    }

    /// The turns of HH-RLHF's texts; nil for a text that does not begin as they do.
    private static func markedTurns(_ text: String) -> [(role: Dialogue.Role, text: String)]? {
        let markers: [(mark: String, role: Dialogue.Role)] = [
            ("\n\nHuman:", .user), ("\n\nAssistant:", .assistant),
        ]
        guard text.hasPrefix("\n\nHuman:") else { return nil }
        var turns: [(role: Dialogue.Role, text: String)] = []
        var rest = text[...]
        while !rest.isEmpty {
            guard let marker = markers.first(where: { rest.hasPrefix($0.mark) }) else { return nil }
            rest = rest.dropFirst(marker.mark.count)
            let end = markers.compactMap { rest.firstRange(of: $0.mark)?.lowerBound }.min() ?? rest.endIndex
            let text = rest[..<end]
            turns.append((marker.role, String(text.hasPrefix(" ") ? text.dropFirst() : text)))
            rest = rest[end...]
        }
        return turns
    }
}
