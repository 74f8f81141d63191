import Model
import Stages
import Testing

/// Both texts through one vocabulary.
private func tokens(_ texts: String...) -> [RougeTokens] {
    var vocabulary = RougeVocabulary()
    return texts.map { vocabulary.tokens(of: $0) }
}

private func f1(_ first: String, _ second: String) -> Double {
    let pair = tokens(first, second)
    return RougeL.f1(pair[0], pair[1])
}

/// The textbook table, as an oracle.
func commonSubsequence<Word: Equatable>(_ first: [Word], _ second: [Word]) -> Int {
    var row = Array(repeating: 0, count: second.count + 1)
    for word in first {
        var diagonal = 0
        for (column, other) in second.enumerated() {
            let above = row[column + 1]
            row[column + 1] = word == other ? diagonal + 1 : max(above, row[column])
            diagonal = above
        }
    }
    return row[second.count]
}

@Suite("ROUGE-L")
struct RougeLTests {
    @Test(
        "words are runs of a–z and 0–9 after lower-casing",
        arguments: [
            ("Hello, World! It's 2nd-rate.", ["hello", "world", "it", "s", "2nd", "rate"]),
            ("naïve café", ["na", "ve", "caf"]),
            ("\u{212A}elvin and \u{0130}stanbul", ["kelvin", "and", "i", "stanbul"]),
            ("日本語", []), ("", []), ("a_b", ["a", "b"]),
        ] as [(String, [String])])
    func words(text: String, expected: [String]) {
        #expect(RougeVocabulary.words(of: text) == expected)
    }

    @Test("values worked by hand")
    func byHand() {
        // common: the cat on the mat = 5 words; 6 + 6 words: 2·5/12
        #expect(f1("the cat sat on the mat", "the cat lay on the mat") == 10.0 / 12)
        // police the gunman: the longest common subsequence of the two is "police the gunman" in neither order but 2
        #expect(f1("police killed the gunman", "the gunman police killed") == 2.0 * 2 / 8)
        #expect(f1("police killed the gunman", "police kill the gunman") == 0.75)
        #expect(f1("one two three", "three two one") == 2.0 / 6)
        #expect(f1("same text", "Same, TEXT!") == 1)
        #expect(f1("a b", "c d") == 0)
    }

    @Test("a score of exactly 0.7 equals the literal, so the filter's strict comparison keeps it")
    func exactlySeventyPercent() {
        // 7 common words, 9 + 11 words: 14/20. As 2PR/(P+R) in doubles, such scores may come out above 0.7.
        let nine = "a b c d e f g h i", eleven = "a b c d e f g p q r s"
        #expect(f1(nine, eleven) == 0.7)
    }

    @Test("texts in a script without a–z0–9 score 0, even against themselves")
    func otherScripts() {
        #expect(f1("日本語", "日本語") == 0)
        #expect(f1("", "") == 0)
    }

    @Test(
        "the bit-parallel length equals the table's, at and around word edges of 64",
        arguments: [
            0, 1, 2, 5, 31, 63, 64, 65, 127, 128, 129, 200,
        ])
    func matchesTable(length: Int) {
        var generator = Philox(key: UInt64(length) + 1)
        for alphabet in [1, 2, 3, 8, 40] {
            for otherLength in [0, 1, 7, 64, 90] {
                let first = (0..<length).map { _ in Int32(generator.below(alphabet)) }
                let second = (0..<otherLength).map { _ in Int32(generator.below(alphabet)) }
                let found = SubsequenceMatcher(RougeTokens(words: first)).length(with: RougeTokens(words: second))
                #expect(found == commonSubsequence(first, second))
            }
        }
    }
}
