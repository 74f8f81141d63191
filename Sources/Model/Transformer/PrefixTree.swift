/// Builds the tree of a `PackedBatch`: sequences go in one after another, common prompt prefixes are found token by token.
struct PrefixTree {
    private struct Node {
        var tokens: ArraySlice<Int32>
        /// Position of the first token.
        var position: Int
        var parent: Int?
        var children: [Int] = []
        /// Whether other sequences may run through this node: true for prompts, false from a first target on.
        var isShared: Bool

        var end: Int { position + tokens.count }
    }

    struct Layout {
        var tokens: [Int32] = []
        var positions: [Int32] = []
        var segments: [PackedBatch.Segment] = []
        /// First row of each node.
        var firstRows: [Int]
    }

    private var nodes: [Node] = []
    private var roots: [Int] = []
    /// The node in which each sequence ends; nil for a sequence without targets.
    private var leaves: [Int?] = []

    /// How many rows the tree takes so far.
    private(set) var rowCount = 0

    /// Adds the part of `sequence` that its targets depend on.
    mutating func insert(_ sequence: TargetedSequence) {
        guard let firstTarget = sequence.targetMask.firstIndex(of: true),
            let lastTarget = sequence.targetMask.lastIndex(of: true)
        else {
            leaves.append(nil)
            return
        }
        // The row of token i predicts token i + 1, so the last target's own row is not needed.
        let tokens = sequence.tokens[..<lastTarget]
        var (node, position) = descend(tokens[..<firstTarget])
        if position < firstTarget {
            node = append(tokens[position..<firstTarget], under: node, isShared: true)
            position = firstTarget
        }
        if position < lastTarget { node = append(tokens[position..<lastTarget], under: node, isShared: false) }
        leaves.append(node)
    }

    /// Follows `prompt` as far as the tree has it, splitting a node where they part.
    private mutating func descend(_ prompt: ArraySlice<Int32>) -> (node: Int?, position: Int) {
        var current: Int?
        var position = 0
        while position < prompt.count {
            let rest = prompt[position...]
            let candidates = current.map { nodes[$0].children } ?? roots
            guard let next = candidates.first(where: { nodes[$0].isShared && nodes[$0].tokens.first == rest.first })
            else { break }
            let common = zip(nodes[next].tokens, rest).prefix { $0 == $1 }.count
            position += common
            if common < nodes[next].tokens.count {
                return (split(next, after: common), position)
            }
            current = next
        }
        return (current, position)
    }

    private mutating func append(_ tokens: ArraySlice<Int32>, under parent: Int?, isShared: Bool) -> Int {
        let index = nodes.count
        nodes.append(
            Node(tokens: tokens, position: parent.map { nodes[$0].end } ?? 0, parent: parent, isShared: isShared))
        if let parent { nodes[parent].children.append(index) } else { roots.append(index) }
        rowCount += tokens.count
        return index
    }

    /// Cuts `node` after `count` tokens and returns the new upper part; `node` becomes its child.
    private mutating func split(_ node: Int, after count: Int) -> Int {
        let upper = nodes.count
        let whole = nodes[node]
        nodes.append(
            Node(
                tokens: whole.tokens.prefix(count), position: whole.position, parent: whole.parent, children: [node],
                isShared: true))
        nodes[node].tokens = whole.tokens.dropFirst(count)
        nodes[node].position += count
        nodes[node].parent = upper
        func replace(_ list: inout [Int]) {
            if let place = list.firstIndex(of: node) { list[place] = upper }
        }
        if let parent = whole.parent { replace(&nodes[parent].children) } else { replace(&roots) }
        return upper
    }

    /// Lays the nodes out depth first and cuts the runs into segments of at most `longestSegment` rows.
    ///
    /// A node that follows its parent as its only child joins the parent's run.
    func rows(longestSegment: Int) -> Layout {
        var layout = Layout(firstRows: [Int](repeating: 0, count: nodes.count))
        var lastSegment = [Int?](repeating: nil, count: nodes.count)
        var waiting = Array(roots.reversed())
        while let index = waiting.popLast() {
            let node = nodes[index]
            waiting.append(contentsOf: node.children.reversed())
            layout.firstRows[index] = layout.tokens.count
            var current = node.parent.flatMap { lastSegment[$0] }
            var joins = node.parent.map { nodes[$0].children.count == 1 } ?? false
            for (offset, token) in node.tokens.enumerated() {
                let row = layout.tokens.count
                if joins, let segment = current, layout.segments[segment].rows.count < longestSegment {
                    layout.segments[segment].rows = layout.segments[segment].rows.lowerBound..<(row + 1)
                } else {
                    layout.segments.append(
                        .init(rows: row..<(row + 1), parent: current, position: node.position + offset))
                    current = layout.segments.count - 1
                    joins = true
                }
                layout.tokens.append(token)
                layout.positions.append(Int32(node.position + offset))
            }
            lastSegment[index] = current
        }
        return layout
    }

    /// The row of each of a sequence's tokens that has one, by position.
    func rows(ofSequence sequence: Int, firstRows: [Int]) -> [Int] {
        guard let leaf = leaves[sequence] else { return [] }
        var result = [Int](repeating: 0, count: nodes[leaf].end)
        var current: Int? = leaf
        while let index = current {
            let node = nodes[index]
            for offset in 0..<node.tokens.count { result[node.position + offset] = firstRows[index] + offset }
            current = node.parent
        }
        return result
    }
}
