import Model
import Testing

@Suite("word patterns")
struct WordScannerTests {
    private func words(_ text: String, _ pattern: TokenizerDefinition.WordPattern) -> [String] {
        let bytes = Array(text.utf8)
        var words: [String] = []
        WordScanner(bytes, 0..<bytes.count).forEachWord(pattern) {
            words.append(String(decoding: bytes[$0], as: UTF8.self))
        }
        return words
    }

    @Test("GPT-2: one space goes with the word after it, contractions are cut, case counts")
    func gpt2() {
        #expect(
            words("I'll  see 123 x!? 'S ", .gpt2) == ["I", "'ll", " ", " see", " 123", " x", "!?", " '", "S", " "])
        #expect(words("a\n\n b", .gpt2) == ["a", "\n\n", " b"])
        #expect(words("a \u{A0}b", .gpt2) == ["a", " ", "\u{A0}", "b"])
    }

    @Test("digits first: each numeric character of any script stands alone, and spaces before it too")
    func digits() {
        #expect(words("x 12½  3 Ⅷ", .digitsThenGPT2) == ["x", " ", "1", "2", "½", "  ", "3", " ", "Ⅷ"])
    }

    @Test("Llama 3: up to three digits, line breaks go with symbols, any mark goes with the letters after it")
    func llama3() {
        #expect(words("1234567", .llama3) == ["123", "456", "7"])
        #expect(words("(word) I'LL", .llama3) == ["(word", ")", " I", "'LL"])
        #expect(
            words("end.\n\nNew  line \n\n  x", .llama3) == ["end", ".\n\n", "New", " ", " line", " \n\n", " ", " x"])
        #expect(words("\u{A0}x 'ſa", .llama3) == ["\u{A0}x", " '", "ſa"])
        #expect(words("it'ſ", .llama3) == ["it", "'ſ"])
    }

    @Test("Qwen2: as Llama 3, digits one by one")
    func qwen2() { #expect(words("a 123", .qwen2) == ["a", " ", "1", "2", "3"]) }
}
