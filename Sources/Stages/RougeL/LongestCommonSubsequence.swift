/// The length of the longest common subsequence, by bit-parallel dynamic programming.
///
/// One column of the usual table is held as the bits of `state`, 0 where the column's value rises. A word of the other
/// text updates the whole column with one addition: `state = (state + (state & m)) | (state & ~m)`, `m` having a bit
/// for each position of `first` that holds the word. The zeros left at the end are the length. (Crochemore, Iliopoulos,
/// Pinzon and Reid, 2001; Hyyrö, 2004.)
package struct SubsequenceMatcher {
    private let count: Int
    private let wordsPerColumn: Int
    /// For each word of the first text, the bits of its positions.
    private let positions: [Int32: [UInt64]]

    package init(_ first: RougeTokens) {
        count = first.words.count
        wordsPerColumn = (count + 63) / 64
        var positions: [Int32: [UInt64]] = [:]
        for (position, word) in first.words.enumerated() {
            positions[word, default: Array(repeating: 0, count: wordsPerColumn)][position / 64] |=
                1 << UInt64(position % 64)
        }
        self.positions = positions
    }

    /// The length of the longest common subsequence of the first text and `second`, in words.
    package func length(with second: RougeTokens) -> Int {
        if count == 0 || second.words.isEmpty { return 0 }
        return wordsPerColumn == 1 ? lengthInOneWord(second.words) : lengthInManyWords(second.words)
    }

    private func lengthInOneWord(_ second: [Int32]) -> Int {
        var state = UInt64.max
        for word in second {
            guard let mask = positions[word]?[0] else { continue }
            state = (state &+ (state & mask)) | (state & ~mask)
        }
        return (~state & lowBits(count)).nonzeroBitCount
    }

    private func lengthInManyWords(_ second: [Int32]) -> Int {
        var state = Array(repeating: UInt64.max, count: wordsPerColumn)
        for word in second {
            guard let mask = positions[word] else { continue }
            var carry: UInt64 = 0
            for index in 0..<wordsPerColumn {
                let matched = state[index] & mask[index]
                let (partial, overflowed) = state[index].addingReportingOverflow(matched)
                let (sum, carried) = partial.addingReportingOverflow(carry)
                carry = overflowed || carried ? 1 : 0
                state[index] = sum | (state[index] & ~mask[index])
            }
        }
        var zeros = 0
        for index in 0..<wordsPerColumn {
            zeros += (~state[index] & lowBits(count - index * 64)).nonzeroBitCount
        }
        return zeros
    }

    /// The lowest `count` bits set; all of them from 64 on.
    private func lowBits(_ count: Int) -> UInt64 {
        count >= 64 ? .max : (1 << UInt64(count)) - 1
    }
}
