/// Compares short answers to questions, as the harness does for NQ-open.
package enum ShortAnswer {
    private static let articles = ["The ", "the ", "An ", "an ", "A ", "a "].map { Array($0.unicodeScalars) }
    /// Python's `string.punctuation`.
    private static let punctuation = Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".unicodeScalars)

    /// An answer without articles, upper case and ASCII's punctuation.
    package static func normalized(_ answer: String) -> String {
        let lowered = withoutArticles(answer).lowercased()
        return String(String.UnicodeScalarView(lowered.unicodeScalars.filter { !punctuation.contains($0) }))
    }

    /// Whether `normal`, an answer as `normalized` gives it, is one of those accepted.
    package static func isAccepted(normal: String, _ accepted: [String]) -> Bool {
        // By code point: Swift's == would let a composed accent match a decomposed one.
        accepted.contains { normalized($0).utf8.elementsEqual(normal.utf8) }
    }

    /// An article counts where a word begins and a space follows.
    private static func withoutArticles(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var kept = String.UnicodeScalarView()
        var position = 0
        while position < scalars.count {
            let beginsWord = position == 0 || !isWordPart(scalars[position - 1])
            if beginsWord, let article = articles.first(where: { scalars[position...].starts(with: $0) }) {
                position += article.count
            } else {
                kept.append(scalars[position])
                position += 1
            }
        }
        return String(kept)
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            true
        default: scalar == "_"
        }
    }
}
