/// ROUGE-L: how much of two texts is a common subsequence of words (Lin, 2004).
package enum RougeL {
    /// The F1 score of two texts, 0 ... 1; 0 if either has no tokens.
    package static func f1(_ first: RougeTokens, _ second: RougeTokens) -> Double {
        f1(common: SubsequenceMatcher(first).length(with: second), first.words.count, second.words.count)
    }

    /// F1 from the length of the common subsequence and the two token counts.
    ///
    /// With P = L/n and R = L/m, 2PR/(P+R) = 2L/(n+m). The right side has a single rounding, so that a score of exactly
    /// 0.7 (7 common words, 20 words in all) equals the literal `0.7`; the left side would give 0.7000000000000001 for
    /// some n and m.
    package static func f1(common: Int, _ first: Int, _ second: Int) -> Double {
        first == 0 || second == 0 ? 0 : Double(2 * common) / Double(first + second)
    }
}
