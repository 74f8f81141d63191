/// Which pairs of tokens merge, in what order, and into what.
struct PairTable: Sendable {
    struct Entry {
        /// Position in the list of merges: the lowest merges first.
        var rank: Int32
        var result: Int32
    }

    /// Both ids of a pair in one word; `empty` where a slot is free (no id is negative, so no pair has this key).
    private var keys: [UInt64]
    private var entries: [Entry]
    private static let empty = UInt64.max

    init(_ merges: [TokenizerDefinition.Merge]) {
        var size = 16
        while size < merges.count * 2 { size *= 2 }
        keys = Array(repeating: Self.empty, count: size)
        entries = Array(repeating: Entry(rank: 0, result: 0), count: size)
        for (rank, merge) in merges.enumerated() {
            let key = Self.key(merge.left, merge.right)
            let slot = slot(of: key)
            // A pair listed twice keeps its first rank.
            guard keys[slot] == Self.empty else { continue }
            keys[slot] = key
            entries[slot] = Entry(rank: Int32(rank), result: merge.result)
        }
    }

    /// How `left` and `right` merge, or nil when they do not.
    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> Entry? {
        let key = Self.key(left, right)
        let slot = slot(of: key)
        return keys[slot] == key ? entries[slot] : nil
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private func slot(of key: UInt64) -> Int {
        let mask = keys.count - 1
        // Fibonacci hashing: the upper bits of the product are well mixed.
        var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while keys[slot] != key && keys[slot] != Self.empty { slot = (slot + 1) & mask }
        return slot
    }
}
