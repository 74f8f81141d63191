/// The merges that a SentencePiece vocabulary implies.
///
/// SentencePiece keeps a score for each piece and joins any two neighbours whose joined text is a piece, best score
/// first. As a list of pairs: every way to cut a piece into two pieces, in order of the piece's score.
package enum SentencePieceMerges {
    /// - Parameters:
    ///   - vocabulary: pieces by id, with `▁` for spaces.
    ///   - scores: by id; higher merges first.
    ///   - isOrdinary: whether a token is text: neither control, unknown, byte nor user-defined.
    package static func merges(
        vocabulary: [String], scores: [Float], isOrdinary: (Int) -> Bool
    ) -> [TokenizerDefinition.Merge] {
        let spellings = vocabulary.map { Array($0.utf8) }
        let table = ByteStringTable(spellings, isFound: isOrdinary)
        struct Split {
            var merge: TokenizerDefinition.Merge
            var score: Float
        }
        var splits: [Split] = []
        for (id, piece) in spellings.enumerated() where isOrdinary(id) {
            for cut in piece.indices.dropFirst() where piece[cut] & 0xC0 != 0x80 {
                guard let left = table.id(of: piece[..<cut]), let right = table.id(of: piece[cut...]) else {
                    continue
                }
                splits.append(Split(merge: .init(left: left, right: right, result: Int32(id)), score: scores[id]))
            }
        }
        // Cuts of one piece are ordered by the ids of their sides, as in the published conversions of Llama 2 and
        // Mistral.
        splits.sort { first, second in
            first.score != second.score
                ? first.score > second.score
                : (first.merge.left, first.merge.right) < (second.merge.left, second.merge.right)
        }
        return splits.map(\.merge)
    }
}
