extension TokenizerDefinition {
    /// A byte-level tokenizer made from `text` on the spot: control tokens, the 256 bytes, then merges.
    ///
    /// Byte-pair training: the commonest pair of neighbours within words becomes a token, over and over. Equal counts
    /// are settled by the lower ids, so the result depends on its arguments alone.
    /// - Parameters:
    ///   - merges: how many at most; training stops earlier when no pair occurs twice.
    ///   - control: the control tokens, from id 0 on; the first is the padding token.
    public static func trained(
        on text: String, merges: Int, control: [String] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        pattern: WordPattern = .digitsThenGPT2
    ) -> TokenizerDefinition {
        precondition(merges >= 0, "trained: \(merges) merges")
        let firstByte = Int32(control.count)
        var vocabulary = control + (0..<256).map { ByteAlphabet.encode(CollectionOfOne(UInt8($0))) }
        var learned: [Merge] = []
        var words = wordCounts(text, pattern: pattern).map { word in
            (tokens: word.bytes.map { firstByte + Int32($0) }, count: word.count)
        }
        while learned.count < merges, let best = commonestPair(words) {
            let merge = Merge(left: best.left, right: best.right, result: Int32(vocabulary.count))
            vocabulary.append(vocabulary[Int(best.left)] + vocabulary[Int(best.right)])
            learned.append(merge)
            for index in words.indices { words[index].tokens.merge(merge) }
        }
        var definition = TokenizerDefinition(
            scheme: .byteLevel(pattern), vocabulary: vocabulary, merges: learned,
            added: control.enumerated().map { AddedToken(id: Int32($0.offset), content: $0.element, isControl: true) }
        )
        definition.padding = control.isEmpty ? nil : 0
        definition.beginning = control.firstIndex(of: "<|im_start|>").map { Int32($0) }
        definition.end = control.firstIndex(of: "<|im_end|>").map { Int32($0) }
        return definition
    }

    /// Each distinct word of `text` and how often it occurs, in order of its bytes.
    private static func wordCounts(_ text: String, pattern: WordPattern) -> [(bytes: [UInt8], count: Int)] {
        let bytes = Array(text.utf8)
        var counts: [[UInt8]: Int] = [:]
        WordScanner(bytes, 0..<bytes.count).forEachWord(pattern) { counts[Array(bytes[$0]), default: 0] += 1 }
        return counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { (bytes: $0.key, count: $0.value) }
    }

    /// The pair of neighbours that occurs most, if any occurs twice.
    private static func commonestPair(_ words: [(tokens: [Int32], count: Int)]) -> (left: Int32, right: Int32)? {
        struct Pair: Hashable {
            var left: Int32
            var right: Int32
        }
        var counts: [Pair: Int] = [:]
        for word in words {
            for (left, right) in zip(word.tokens, word.tokens.dropFirst()) {
                counts[Pair(left: left, right: right), default: 0] += word.count
            }
        }
        let best = counts.max { first, second in
            (first.value, second.key.left, second.key.right) < (second.value, first.key.left, first.key.right)
        }
        guard let best, best.value > 1 else { return nil }
        return (best.key.left, best.key.right)
    }
}

extension [Int32] {
    /// Replaces each `left`, `right` by the token they merge into, from the left.
    fileprivate mutating func merge(_ merge: TokenizerDefinition.Merge) {
        var kept = 0
        var index = 0
        while index < count {
            if index + 1 < count, self[index] == merge.left, self[index + 1] == merge.right {
                self[kept] = merge.result
                index += 2
            } else {
                self[kept] = self[index]
                index += 1
            }
            kept += 1
        }
        removeLast(count - kept)
    }
}
