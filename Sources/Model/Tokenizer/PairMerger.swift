/// Byte-pair encoding of one word: merges neighbouring tokens, the pair of lowest rank first and the leftmost of
/// equals.
///
/// Keeps its working memory between words.
struct PairMerger {
    private let pairs: PairTable
    private var tokens: [Int32] = []
    /// Neighbours in the list of what is left; an index outside the word means none.
    private var next: [Int] = []
    private var previous: [Int] = []
    private var candidates = CandidateHeap()

    init(_ pairs: PairTable) { self.pairs = pairs }

    /// Words up to this many tokens are searched for their best pair each time; longer ones use a heap.
    private static let longestSearched = 24

    /// Appends the merged form of `word` to `output`.
    mutating func append(_ word: [Int32], to output: inout [Int32]) {
        if word.count <= Self.longestSearched {
            appendSearching(word, to: &output)
        } else {
            appendWithHeap(word, to: &output)
        }
    }

    private mutating func appendSearching(_ word: [Int32], to output: inout [Int32]) {
        tokens.removeAll(keepingCapacity: true)
        tokens.append(contentsOf: word)
        while tokens.count > 1 {
            var best: (rank: Int32, result: Int32, index: Int)?
            for index in 0..<(tokens.count - 1) {
                guard let entry = pairs.merge(tokens[index], tokens[index + 1]) else { continue }
                if entry.rank < best?.rank ?? .max { best = (entry.rank, entry.result, index) }
            }
            guard let best else { break }
            tokens[best.index] = best.result
            tokens.remove(at: best.index + 1)
        }
        output.append(contentsOf: tokens)
    }

    private mutating func appendWithHeap(_ word: [Int32], to output: inout [Int32]) {
        tokens = word
        next = Array(1...word.count)
        previous = Array(-1..<(word.count - 1))
        candidates.removeAll()
        for index in 0..<(word.count - 1) { addCandidate(at: index) }
        while let best = candidates.pop() {
            let right = next[best.index]
            // A candidate is stale when one of its tokens has merged with another since.
            guard right < tokens.count, tokens[best.index] == best.left, tokens[right] == best.right else { continue }
            tokens[best.index] = best.result
            tokens[right] = Self.merged
            let after = next[right]
            next[best.index] = after
            if after < tokens.count {
                previous[after] = best.index
                addCandidate(at: best.index)
            }
            if previous[best.index] >= 0 { addCandidate(at: previous[best.index]) }
        }
        output.append(contentsOf: tokens.lazy.filter { $0 != Self.merged })
    }

    /// Stands where a token has become part of its left neighbour. No id is negative.
    private static let merged: Int32 = -1

    private mutating func addCandidate(at index: Int) {
        let left = tokens[index], right = tokens[next[index]]
        guard let entry = pairs.merge(left, right) else { return }
        candidates.push(.init(rank: entry.rank, index: index, left: left, right: right, result: entry.result))
    }
}

/// A binary heap of possible merges, lowest rank first, then leftmost.
private struct CandidateHeap {
    struct Candidate {
        var rank: Int32
        var index: Int
        var left: Int32
        var right: Int32
        var result: Int32

        func comes(before other: Candidate) -> Bool {
            rank != other.rank ? rank < other.rank : index < other.index
        }
    }

    private var items: [Candidate] = []

    mutating func removeAll() { items.removeAll(keepingCapacity: true) }

    mutating func push(_ candidate: Candidate) {
        items.append(candidate)
        var child = items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard items[child].comes(before: items[parent]) else { return }
            items.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> Candidate? {
        guard let first = items.first, let last = items.popLast() else { return nil }
        guard !items.isEmpty else { return first }
        items[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
                if items[child].comes(before: items[least]) { least = child }
            }
            if least == parent { return first }
            items.swapAt(parent, least)
            parent = least
        }
    }
}
