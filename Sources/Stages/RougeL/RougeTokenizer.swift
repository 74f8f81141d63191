/// The ROUGE tokens of a text, as numbers: equal words have equal numbers within one vocabulary, from 0 on.
package struct RougeTokens: Sendable, Equatable {
    package let words: [Int32]

    package init(words: [Int32]) { self.words = words }
}

/// Turns texts into ROUGE tokens.
///
/// The rule is the one of Google's `rouge_score` without stemming, which Self-Instruct uses: lower-case, take
/// every run of characters outside `a–z0–9` as a separator, split. A text in a script without such characters
/// therefore has no tokens, and scores 0 even against itself.
package struct RougeVocabulary: Sendable {
    private var numbers: [String: Int32] = [:]

    package init() {}

    /// How many distinct words were seen.
    package var count: Int { numbers.count }

    package mutating func tokens(of text: String) -> RougeTokens {
        RougeTokens(
            words: Self.words(of: text).map { word in
                if let known = numbers[word] { return known }
                let number = Int32(numbers.count)
                numbers[word] = number
                return number
            })
    }

    /// The same without new numbers: a word that was never seen is -1, and as good as any other such word.
    package func knownTokens(of text: String) -> RougeTokens {
        RougeTokens(words: Self.words(of: text).map { numbers[$0] ?? -1 })
    }

    /// The words of a text in order, lower-cased.
    package static func words(of text: String) -> [String] {
        var collector = WordCollector()
        for scalar in text.unicodeScalars {
            if scalar.isASCII {
                collector.take(UInt8(scalar.value))
            } else {
                // Full lower-casing may yield ASCII: the Kelvin sign becomes `k`, `İ` becomes `i` and a combining dot.
                for lowered in scalar.properties.lowercaseMapping.unicodeScalars {
                    if lowered.isASCII { collector.take(UInt8(lowered.value)) } else { collector.separate() }
                }
            }
        }
        collector.separate()
        return collector.words
    }
}

/// Words under construction, one ASCII byte at a time.
private struct WordCollector {
    private(set) var words: [String] = []
    private var word: [UInt8] = []

    mutating func take(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): word.append(byte)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): word.append(byte + 32)
        default: separate()
        }
    }

    mutating func separate() {
        guard !word.isEmpty else { return }
        words.append(String(decoding: word, as: UTF8.self))
        word.removeAll(keepingCapacity: true)
    }
}
