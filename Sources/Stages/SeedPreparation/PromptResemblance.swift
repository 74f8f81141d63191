public import Pipeline

/// What to do about a prompt that resembles an earlier one.
public enum NearDuplicates: String, ParameterChoice {
    /// Keep both, count them, and warn where one is trained on and the other evaluated on.
    case report
    /// Keep the first, and say so in the ledger.
    case drop
}

/// Which of the prompts that were dealt out resemble one another.
///
/// ROUGE-L knows Latin letters and digits alone: a prompt in another script resembles none.
package struct PromptResemblance: Equatable, Sendable {
    /// ROUGE-L F1 from which two prompts resemble each other: Self-Instruct's 0.7, the paper's bound for new prompts
    /// too (§3.1.3).
    package static let bound = 0.7
    /// For searches that ask for more than their floor.
    static let floor = bound.nextDown

    /// A prompt that is evaluated on, and the one like it that is trained on.
    package struct Leak: Equatable, Sendable {
        package let evaluated: String
        package let trained: String
        package let similarity: Double
    }

    /// How many resemble another one.
    package private(set) var prompts = 0
    /// How many of them resemble one of another part.
    package private(set) var acrossParts = 0
    /// How many are evaluated on and resemble one that is trained on.
    package private(set) var leaked = 0
    /// Of all prompts that are evaluated on.
    package private(set) var evaluated = 0
    /// The most similar two; the first of equals.
    package private(set) var worst: Leak?

    package init() {}

    /// - Parameter checkCancellation: called for each prompt; what it throws ends the call.
    init(_ parts: [SeedSplit.Part: [SelectedTree]], checkCancellation: () throws -> Void) rethrows {
        var pools: [SeedSplit.Part: SimilarityPool] = [:]
        var resembling: Set<String> = []
        for (part, trees) in parts {
            // A pool that holds a prompt finds it before all others: those before it are asked, then those behind it.
            pools[part] = try Self.search(trees, into: &resembling, checkCancellation)
            _ = try Self.search(trees.reversed(), into: &resembling, checkCancellation)
        }
        for part in SeedSplit.Part.allCases where part != .notDrawn {
            if part.isEvaluated { evaluated += parts[part]?.count ?? 0 }
            for tree in parts[part] ?? [] {
                try checkCancellation()
                var nearest: [SeedSplit.Part: SimilarityPool.Match] = [:]
                for (other, pool) in pools where other != part {
                    nearest[other] = pool.nearest(to: tree.prompt, above: Self.floor)
                }
                if !nearest.isEmpty {
                    acrossParts += 1
                    resembling.insert(tree.id)
                }
                if part.isEvaluated { note(tree, near: SeedSplit.Part.trained.compactMap { nearest[$0] }) }
            }
        }
        prompts = resembling.count
    }

    /// Adds the ids of the prompts that resemble one before them.
    /// - Returns: all of them.
    private static func search(
        _ trees: [SelectedTree], into resembling: inout Set<String>, _ checkCancellation: () throws -> Void
    ) rethrows -> SimilarityPool {
        var pool = SimilarityPool()
        for tree in trees {
            try checkCancellation()
            if pool.nearest(to: tree.prompt, above: floor) != nil { resembling.insert(tree.id) }
            pool.insert(id: tree.id, text: tree.prompt)
        }
        return pool
    }

    private mutating func note(_ tree: SelectedTree, near trained: [SimilarityPool.Match]) {
        guard let match = trained.max(by: { $0.similarity < $1.similarity }) else { return }
        leaked += 1
        if worst.map({ match.similarity > $0.similarity }) ?? true {
            worst = Leak(evaluated: tree.id, trained: match.id, similarity: match.similarity)
        }
    }
}

extension SeedSplit.Part {
    /// The parts that a model learns from.
    static let trained: [SeedSplit.Part] = [.instruction, .training]

    /// Whether models are measured by it.
    var isEvaluated: Bool {
        switch self {
        case .evaluation, .validation, .test: true
        case .training, .instruction, .notDrawn: false
        }
    }
}
