/// The length of the longest common subsequence, by bit-parallel dynamic programming.
///
/// One column of the usual table is held as the bits of `state`, 0 where the column's value rises. A word of the other
/// text updates the whole column with one addition: `state = (state + (state & m)) | (state & ~m)`, `m` having a bit
/// for each position of `first` that holds the word. The zeros left at the end are the length. (Crochemore, Iliopoulos,
/// Pinzon and Reid, 2001; Hyyrö, 2004.)
package struct SubsequenceMatcher {
    private let count: Int
    private let positions: WordPositions

    package init(_ first: RougeTokens) {
        count = first.words.count
        positions = WordPositions(first.words)
    }

    /// The length of the longest common subsequence of the first text and `second`, in words.
    package func length(with second: RougeTokens) -> Int { length(with: second.words.span) }

    /// The same of the words of `second`.
    package func length(with second: Span<Int32>) -> Int {
        if count == 0 || second.isEmpty { return 0 }
        return positions.width == 1 ? lengthInOneWord(second) : lengthInManyWords(second)
    }

    private func lengthInOneWord(_ second: Span<Int32>) -> Int {
        var state = UInt64.max
        for index in second.indices {
            let mask = positions.bits[positions.slot(of: second[index])]
            state = (state &+ (state & mask)) | (state & ~mask)
        }
        return (~state & lowBits(count)).nonzeroBitCount
    }

    private func lengthInManyWords(_ second: Span<Int32>) -> Int {
        let width = positions.width
        var state = Array(repeating: UInt64.max, count: width)
        for place in second.indices {
            let first = positions.slot(of: second[place]) * width
            var carry: UInt64 = 0
            for index in 0..<width {
                let mask = positions.bits[first + index]
                let matched = state[index] & mask
                let (partial, overflowed) = state[index].addingReportingOverflow(matched)
                let (sum, carried) = partial.addingReportingOverflow(carry)
                carry = overflowed || carried ? 1 : 0
                state[index] = sum | (state[index] & ~mask)
            }
        }
        var zeros = 0
        for index in 0..<width {
            zeros += (~state[index] & lowBits(count - index * 64)).nonzeroBitCount
        }
        return zeros
    }

    /// The lowest `count` bits set; all of them from 64 on.
    private func lowBits(_ count: Int) -> UInt64 {
        count >= 64 ? .max : (1 << UInt64(count)) - 1
    }
}

/// Where each word of a text stands, as bits: a table with open addressing, since a search looks up every word of
/// thousands of texts.
private struct WordPositions {
    /// Words of 64 bits for one word's positions.
    let width: Int
    /// The positions of the word in each slot, `width` a slot; none in a free one.
    private(set) var bits: [UInt64]
    private var keys: [Int32]
    /// Of a 32-bit product, so that what is left numbers the slots.
    private let shift: UInt32

    private static let free: Int32 = -1

    /// - Parameter words: those below 0 are in no other text and have no positions.
    init(_ words: [Int32]) {
        width = max((words.count + 63) / 64, 1)
        // At most half full, so that a word that is not there is soon known not to be.
        let last = UInt32(max(words.count * 2, 2) - 1)
        let bitCount = last.bitWidth - last.leadingZeroBitCount
        shift = 32 - UInt32(bitCount)
        keys = Array(repeating: Self.free, count: 1 << bitCount)
        bits = Array(repeating: 0, count: width << bitCount)
        for (position, word) in words.enumerated() where word >= 0 {
            let slot = slot(of: word)
            keys[slot] = word
            bits[slot * width + position / 64] |= 1 << UInt64(position % 64)
        }
    }

    /// The slot of a word; the free one where it would be if the text does not have it.
    func slot(of word: Int32) -> Int {
        // Multiplication by 2³²/φ spreads numbers that follow one another.
        var slot = Int((UInt32(bitPattern: word) &* 0x9E37_79B1) >> shift)
        while keys[slot] != word && keys[slot] != Self.free { slot = (slot + 1) & (keys.count - 1) }
        return slot
    }
}
