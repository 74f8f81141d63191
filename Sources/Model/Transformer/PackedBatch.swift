/// A token sequence and the positions to predict in it.
///
/// `targetMask[i]` true means token `i` is predicted, from what stands before it: the loss of a response is over the
/// response's tokens, its closing token included, and never over the prompt's.
package struct TargetedSequence: Sendable, Hashable {
    package var tokens: [Int32]
    package var targetMask: [Bool]

    package init(tokens: [Int32], targetMask: [Bool]) {
        precondition(
            tokens.count == targetMask.count,
            "TargetedSequence: \(tokens.count) tokens, \(targetMask.count) mask entries")
        precondition(
            targetMask.first != true, "TargetedSequence: nothing stands before the first token to predict it from")
        self.tokens = tokens
        self.targetMask = targetMask
    }
}

/// Several sequences as one run of rows without padding, common prompt prefixes held once.
///
/// The rows form a tree of segments. A row attends to every row of its segment's ancestors and to the rows of its own
/// segment up to itself; its position is its depth in the tree, so it sees exactly what it would see alone. Rows that
/// no target depends on are left out.
package struct PackedBatch: Sendable, Hashable {
    /// A run of rows whose tokens follow one another.
    package struct Segment: Sendable, Hashable {
        package var rows: Range<Int>
        /// The segment whose last token comes just before this one's first; nil at the start of a sequence.
        package var parent: Int?
        /// Position of the first token.
        package var position: Int
    }

    /// A token to predict from the logits of `row`.
    package struct Target: Sendable, Hashable {
        package var row: Int
        package var token: Int32
        /// Which of the sequences given to `init` it belongs to.
        package var sequence: Int
    }

    /// Longest segment, in tokens. Longer ones are chained, so that attention's backward pass divides evenly.
    package static let longestSegment = 256

    package let tokens: [Int32]
    package let positions: [Int32]
    /// Parents come before children.
    package let segments: [Segment]
    /// In the order of sequences, and of positions within one.
    package let targets: [Target]
    package let sequenceCount: Int

    package var rows: Int { tokens.count }
    /// One more than the largest position.
    package var depth: Int { segments.reduce(0) { max($0, $1.position + $1.rows.count) } }

    /// Packs `sequences`, merging equal prefixes as far as neither sequence has a target there.
    ///
    /// The result depends on the order of `sequences`, each sequence's numbers do not.
    package init(_ sequences: [TargetedSequence]) {
        var tree = PrefixTree()
        for sequence in sequences { tree.insert(sequence) }
        let layout = tree.rows(longestSegment: Self.longestSegment)
        tokens = layout.tokens
        positions = layout.positions
        segments = layout.segments
        var targets: [Target] = []
        for (index, sequence) in sequences.enumerated() {
            let rows = tree.rows(ofSequence: index, firstRows: layout.firstRows)
            for position in sequence.targetMask.indices where sequence.targetMask[position] {
                targets.append(Target(row: rows[position - 1], token: sequence.tokens[position], sequence: index))
            }
        }
        self.targets = targets
        sequenceCount = sequences.count
    }
}
