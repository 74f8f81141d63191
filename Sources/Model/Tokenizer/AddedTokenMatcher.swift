/// Finds control and user-defined tokens spelled out in text, the longest at each place.
struct AddedTokenMatcher: Sendable {
    struct Token: Sendable {
        var bytes: [UInt8]
        var added: TokenizerDefinition.AddedToken
    }

    /// By first byte, longest first.
    private var tokens: [[Token]]

    init(_ added: [TokenizerDefinition.AddedToken]) {
        tokens = Array(repeating: [], count: 256)
        for token in added {
            let bytes = Array(token.content.utf8)
            guard let first = bytes.first else { continue }
            tokens[Int(first)].append(Token(bytes: bytes, added: token))
        }
        for first in tokens.indices {
            tokens[first].sort { ($1.bytes.count, $0.added.id) < ($0.bytes.count, $1.added.id) }
        }
    }

    /// The longest token at `offset`; a control token only where it ends by `trustedEnd`, the end of trusted text
    /// there.
    func match(_ bytes: [UInt8], at offset: Int, trustedEnd: Int) -> Token? {
        tokens[Int(bytes[offset])].first { token in
            let end = offset + token.bytes.count
            return end <= (token.added.isControl ? trustedEnd : bytes.count)
                && bytes[offset..<end].elementsEqual(token.bytes)
        }
    }
}
