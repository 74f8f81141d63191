/// The merges that a SentencePiece vocabulary implies.
///
/// SentencePiece keeps a score for each piece and joins any two neighbours whose joined text is a piece, best score
/// first. As a list of pairs: every way to cut a piece into two pieces, in order of the piece's score.
enum SentencePieceMerges {
    /// - Parameters:
    ///   - vocabulary: pieces by id, with `▁` for spaces.
    ///   - scores: by id; higher merges first.
    ///   - isOrdinary: whether a token is text: neither control, unknown, byte nor user-defined.
    static func merges(
        vocabulary: [String], scores: [Float], isOrdinary: (Int) -> Bool
    ) -> [TokenizerDefinition.Merge] {
        let spellings = vocabulary.map { Array($0.utf8) }
        let table = ByteStringTable(spellings, isFound: isOrdinary)
        struct Split {
            var merge: TokenizerDefinition.Merge
            var score: Float
            var leftLength: Int
            var rightLength: Int
        }
        var splits: [Split] = []
        for (id, piece) in spellings.enumerated() where isOrdinary(id) {
            let starts = piece.indices.filter { piece[$0] & 0xC0 != 0x80 }
            for (leftLength, cut) in starts.enumerated().dropFirst() {
                guard let left = table.id(of: piece[..<cut]), let right = table.id(of: piece[cut...]) else { continue }
                splits.append(
                    Split(
                        merge: .init(left: left, right: right, result: Int32(id)), score: scores[id],
                        leftLength: leftLength, rightLength: starts.count - leftLength))
            }
        }
        // Among cuts of one score the one with the longer left side is first, as in Hugging Face's conversion.
        splits.sort { first, second in
            if first.score != second.score { return first.score > second.score }
            if first.leftLength != second.leftLength { return first.leftLength > second.leftLength }
            if first.rightLength != second.rightLength { return first.rightLength > second.rightLength }
            return (first.merge.left, first.merge.right) < (second.merge.left, second.merge.right)
        }
        return splits.map(\.merge)
    }
}
