public import Pipeline

/// A message of an Open Assistant conversation, as far as seed preparation needs it. What a file leaves out is nil.
package struct SeedMessage: Equatable, Sendable {
    package let id: String
    package internal(set) var parent: String?
    package let text: String
    /// `prompter` or `assistant`.
    package let role: String
    package let language: String?
    package let isDeleted: Bool
    /// Written by a model.
    package let isSynthetic: Bool
    package let passedReview: Bool?
    /// 0 is the best among its siblings; nil where these were not ranked.
    package let rank: Int?
    /// From a form that knows no languages: one that is not stated is no other language.
    package var isPlain = false
}

/// The first turn of a conversation tree: its prompt and the direct replies.
package struct ConversationTree: Equatable, Sendable {
    package let id: String
    /// `ready_for_export` and so on; nil in exports that hold finished trees only.
    package let state: String?
    /// Nil where the file holds replies of the tree but not its prompt.
    package fileprivate(set) var prompt: SeedMessage?
    package fileprivate(set) var replies: [SeedMessage] = []

    init(id: String, state: String?, prompt: SeedMessage?) {
        self.id = id
        self.state = state
        self.prompt = prompt
    }
}

/// What to do about a tree that was there before, in whichever form.
public enum RepeatedTrees: String, ParameterChoice {
    /// Stop with an error: the files overlap, and one prompt must not count twice.
    case refuse
    /// Keep the one read first, and say so in the ledger. For exports that repeat trees, as topic filters of OASST2 do.
    case first
}

/// Collects trees from files of either form, so that none counts twice.
package struct ConversationCollector {
    private var trees: [ConversationTree] = []
    /// Where in `trees` each one is, by id.
    private var places: [String: Int] = [:]
    /// Where each tree was first read, or the first message of it.
    private var origins: [String: String] = [:]
    /// Every message read, in either form, by id.
    private var messages: [String: (tree: String, origin: String)] = [:]
    /// The trees that were read whole: to these, messages of the flat form can add nothing.
    private var whole: Set<String> = []
    /// Replies of flat files, held until their tree's prompt is known: rows may come in any order.
    private var pending: [(tree: String, message: SeedMessage)] = []

    private let repeated: RepeatedTrees
    /// The trees left out because they were there before, with the places of both. A tree of which many flat messages
    /// were there before is in it once.
    package private(set) var repeats: [(tree: String, first: String, second: String)] = []
    private var repeatedFlatTrees: Set<String> = []

    /// How many rows were read in each form.
    package private(set) var forms: [SeedForm: Int] = [:]
    /// How often each row without an id was there, by the id that its content gives it.
    private var occurrences: [String: Int] = [:]

    package init(repeated: RepeatedTrees = .refuse) { self.repeated = repeated }

    /// The files in the order of reading, and the one that each tree was first read in.
    private var files: [String] = []
    private var fileOfTree: [String: Int] = [:]

    /// What is added from now on is of the file `name`.
    mutating func open(_ name: String) { files.append(name) }

    /// The file that a tree was first read in.
    package func file(ofTree tree: String) -> String? { fileOfTree[tree].map { files[$0] } }

    mutating func count(_ form: SeedForm) { forms[form, default: 0] += 1 }

    /// Whether a message of the tree was read before.
    func holds(_ message: String, of tree: String) -> Bool { messages[message]?.tree == tree }

    /// Adds a row without ids. One that is there twice is no error: selection drops prompts that it has seen.
    mutating func add(_ seed: PlainSeed, at origin: String) throws {
        let first = seed.tree(occurrence: 0), before = occurrences[first.tree.id] ?? 0
        occurrences[first.tree.id] = before + 1
        let (tree, replies) = before == 0 ? first : seed.tree(occurrence: before)
        try add(tree, replies: replies, at: origin)
    }

    /// Adds a whole tree.
    /// - Throws: `StageError.duplicateTree` for a tree that was there before, unless the first is to be kept;
    ///   `duplicateMessage` for a message that was there before, in another tree or in this one.
    mutating func add(_ tree: ConversationTree, replies: [SeedMessage], at origin: String) throws {
        if let earlier = origins[tree.id] {
            guard repeated == .first else {
                throw StageError.duplicateTree(id: tree.id, first: earlier, second: origin)
            }
            repeats.append((tree: tree.id, first: earlier, second: origin))
            return
        }
        for message in [tree.prompt].compactMap(\.self) + replies {
            if let earlier = messages.updateValue((tree.id, origin), forKey: message.id) {
                throw StageError.duplicateMessage(id: message.id, first: earlier.origin, second: origin)
            }
        }
        origins[tree.id] = origin
        fileOfTree[tree.id] = files.indices.last
        whole.insert(tree.id)
        places[tree.id] = trees.count
        trees.append(tree)
        trees[trees.count - 1].replies = replies
    }

    /// Adds one message of the flat form.
    /// - Throws: `StageError.duplicateMessage` for a message that was there before, `duplicateTree` for a second prompt
    ///   of a tree or a tree that was read whole: neither where the first is to be kept, but for a message that was
    ///   there in another tree.
    mutating func add(_ message: SeedMessage, tree id: String, state: String?, at origin: String) throws {
        if whole.contains(id), let earlier = origins[id] {
            return try leaveOut(
                id, first: earlier, at: origin, .duplicateTree(id: id, first: earlier, second: origin))
        }
        if let earlier = messages[message.id] {
            let error = StageError.duplicateMessage(id: message.id, first: earlier.origin, second: origin)
            guard earlier.tree == id else { throw error }
            return try leaveOut(id, first: earlier.origin, at: origin, error)
        }
        messages[message.id] = (id, origin)
        let place = places[id] ?? trees.count
        if place == trees.count {
            places[id] = place
            origins[id] = origin
            fileOfTree[id] = files.indices.last
            trees.append(ConversationTree(id: id, state: state, prompt: nil))
        }
        guard message.parent == nil else {
            pending.append((tree: id, message: message))
            return
        }
        if let prompt = trees[place].prompt {
            let earlier = messages[prompt.id]?.origin ?? origin
            return try leaveOut(
                id, first: earlier, at: origin, .duplicateTree(id: id, first: earlier, second: origin))
        }
        trees[place].prompt = message
    }

    /// Leaves a flat message out, since its tree was there before, or throws `error` where that is refused.
    private mutating func leaveOut(_ tree: String, first: String, at origin: String, _ error: StageError) throws {
        guard repeated == .first else { throw error }
        if repeatedFlatTrees.insert(tree).inserted { repeats.append((tree: tree, first: first, second: origin)) }
    }

    /// The trees, each with the replies to its prompt; later turns are left aside.
    package func finish() -> [ConversationTree] {
        var result = trees
        for (tree, message) in pending {
            guard let place = places[tree], message.parent == result[place].prompt?.id else { continue }
            result[place].replies.append(message)
        }
        return result
    }
}
