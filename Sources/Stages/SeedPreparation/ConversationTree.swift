public import Pipeline

/// A message of an Open Assistant conversation, as far as seed preparation needs it. What a file leaves out is nil.
package struct SeedMessage: Equatable, Sendable {
    package let id: String
    package let parent: String?
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

/// What to do about a tree that was there before.
public enum RepeatedTrees: String, ParameterChoice {
    /// Stop with an error: the files overlap, and one prompt must not count twice.
    case refuse
    /// Keep the one read first, and say so in the ledger. For exports that repeat trees, as topic filters of OASST2 do.
    case first
}

/// Collects trees from files of either form, so that none counts twice.
package struct ConversationCollector {
    private var trees: [ConversationTree] = []
    private var places: [String: Int] = [:]
    /// Where each tree's prompt and each flat message was read.
    private var origins: [String: String] = [:]
    /// Replies of flat files, held until their tree's prompt is known: rows may come in any order.
    private var pending: [(tree: String, message: SeedMessage)] = []

    private let repeated: RepeatedTrees
    /// The trees left out because they were there before, with the places of both.
    package private(set) var repeats: [(tree: String, first: String, second: String)] = []

    package init(repeated: RepeatedTrees = .refuse) { self.repeated = repeated }

    /// Adds a whole tree.
    /// - Throws: `StageError.duplicateTree` for an id that was there before, unless the first is to be kept.
    mutating func add(_ tree: ConversationTree, replies: [SeedMessage], at origin: String) throws {
        if let earlier = origins["tree " + tree.id] {
            guard repeated == .first else {
                throw StageError.duplicateTree(id: tree.id, first: earlier, second: origin)
            }
            repeats.append((tree: tree.id, first: earlier, second: origin))
            return
        }
        origins["tree " + tree.id] = origin
        places[tree.id] = trees.count
        trees.append(tree)
        trees[trees.count - 1].replies = replies
    }

    /// Adds one message of the flat form.
    /// - Throws: `StageError.duplicateTree` for a second prompt of a tree, `duplicateMessage` for an id seen before.
    mutating func add(_ message: SeedMessage, tree id: String, state: String?, at origin: String) throws {
        if let earlier = origins.updateValue(origin, forKey: "message " + message.id) {
            throw StageError.duplicateMessage(id: message.id, first: earlier, second: origin)
        }
        let place = places[id] ?? trees.count
        if place == trees.count {
            places[id] = place
            trees.append(ConversationTree(id: id, state: state, prompt: nil))
        }
        if message.parent == nil {
            if let earlier = origins.updateValue(origin, forKey: "tree " + id) {
                throw StageError.duplicateTree(id: id, first: earlier, second: origin)
            }
            trees[place].prompt = message
        } else {
            pending.append((tree: id, message: message))
        }
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
