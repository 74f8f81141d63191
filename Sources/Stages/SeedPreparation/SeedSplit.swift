/// Deals selected trees out to instruction fine-tuning, training rankings and what is held out: each tree to one part at
/// most, so that nothing held out was trained on (paper §3.1.1).
package struct SeedSplit {
    package enum Part: String, CaseIterable {
        case evaluation = "rankings-eval"
        case validation, test
        case training = "rankings-train"
        case instruction = "ift"
        /// Qualifies, but every part was full.
        case notDrawn = "not-drawn"
    }

    package let instruction: SplitSize
    package let training: SplitSize
    package let evaluation: SplitSize
    /// Held-out examples: those that a training is watched by, and those that nothing is chosen by.
    package let validation: SplitSize
    package let test: SplitSize
    /// A random number for a tree. Trees are dealt out by it, so a tree's place depends on its id alone, not on the
    /// order of the files.
    private let lot: (_ tree: String) -> UInt64

    package init(
        instruction: SplitSize, training: SplitSize, evaluation: SplitSize, validation: SplitSize = .count(0),
        test: SplitSize = .count(0), lot: @escaping (_ tree: String) -> UInt64
    ) {
        self.instruction = instruction
        self.training = training
        self.evaluation = evaluation
        self.validation = validation
        self.test = test
        self.lot = lot
    }

    /// The part of each tree, by its id. What is held out is drawn first, rankings, then test, then validation: it
    /// stays the same when the sizes of what is drawn behind it change.
    /// - Throws: `StageError.splitTooLarge`, and `noRankedPrompts` or `noBestReplies` where a part is asked for and no tree
    ///   at all qualifies.
    package func deal(_ trees: [SelectedTree]) throws -> [String: Part] {
        let order = trees.map { (lot: lot($0.id), tree: $0) }
            .sorted { ($0.lot, $0.tree.id) < ($1.lot, $1.tree.id) }.map(\.tree)
        var parts: [String: Part] = [:]
        for tree in trees { parts[tree.id] = .notDrawn }
        try draw(.evaluation, size: evaluation, from: order.filter { !$0.ranked.isEmpty }, into: &parts)
        try draw(.test, size: test, from: order.filter { $0.best != nil }, into: &parts)
        try draw(.validation, size: validation, from: order.filter { $0.best != nil }, into: &parts)
        try draw(.training, size: training, from: order.filter { !$0.ranked.isEmpty }, into: &parts)
        try draw(.instruction, size: instruction, from: order.filter { $0.best != nil }, into: &parts)
        return parts
    }

    private func draw(
        _ part: Part, size: SplitSize, from eligible: [SelectedTree], into parts: inout [String: Part]
    ) throws {
        if size == .count(0) { return }
        guard !eligible.isEmpty else {
            throw [.evaluation, .training].contains(part)
                ? StageError.noRankedPrompts(part: part.rawValue) : StageError.noBestReplies
        }
        let free = eligible.filter { parts[$0.id] == .notDrawn }
        guard let count = size.resolved(eligible: eligible.count, available: free.count) else {
            throw StageError.splitTooLarge(part: part.rawValue, size: size.text, available: free.count)
        }
        for tree in free.prefix(count) { parts[tree.id] = part }
    }
}
