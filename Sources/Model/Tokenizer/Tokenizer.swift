/// Text to token ids and back, by byte-pair encoding: byte-level (GPT-2, SmolLM2, Llama 3, Qwen2) or SentencePiece's.
///
/// A value; equal definitions give equal ids. Text never becomes a control token unless its writer is trusted:
/// `<|im_end|>` inside a judged response is seven ordinary tokens.
public struct Tokenizer: Sendable {
    public let definition: TokenizerDefinition
    private let table: ByteStringTable
    private let pairs: PairTable
    private let matcher: AddedTokenMatcher
    /// The token of each single byte: its own in byte-level vocabularies, `<0xNN>` in SentencePiece's.
    private let byteTokens: [Int32?]
    private let specialIDs: Set<Int32>

    /// A stretch of text, and whether control tokens spelled in it are meant.
    public struct Part: Hashable, Sendable {
        public var text: String
        public var isTrusted: Bool

        public init(_ text: String, isTrusted: Bool) {
            self.text = text
            self.isTrusted = isTrusted
        }
    }

    /// - Throws: `ModelError.file` when ids lie outside the vocabulary, or it cannot spell every byte.
    public init(_ definition: TokenizerDefinition) throws(ModelError) {
        try definition.validate()
        self.definition = definition
        let addedByID = Dictionary(definition.added.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var spellings: [[UInt8]] = []
        spellings.reserveCapacity(definition.vocabulary.count)
        var byteTokens = [Int32?](repeating: nil, count: 256)
        var isFound: [Bool] = []
        for (id, token) in definition.vocabulary.enumerated() {
            if let added = addedByID[Int32(id)] {
                spellings.append(Array(added.content.utf8))
                isFound.append(false)
                continue
            }
            switch definition.scheme {
            case .byteLevel:
                let bytes = ByteAlphabet.decode(token)
                if let bytes, bytes.count == 1, byteTokens[Int(bytes[0])] == nil {
                    byteTokens[Int(bytes[0])] = Int32(id)
                }
                spellings.append(bytes ?? Array(token.utf8))
                isFound.append(bytes != nil)
            case .sentencePiece:
                let byte = TokenizerDefinition.fallbackByte(token)
                if let byte { byteTokens[Int(byte)] = Int32(id) }
                spellings.append(byte.map { [$0] } ?? SpaceMark.toSpaces(Array(token.utf8)))
                isFound.append(byte == nil)
            }
        }
        try Self.checkSpelling(byteTokens, definition)
        self.byteTokens = byteTokens
        table = ByteStringTable(spellings) { isFound[$0] }
        pairs = PairTable(definition.merges)
        matcher = AddedTokenMatcher(definition.added)
        specialIDs = Set(definition.added.filter(\.isControl).map(\.id))
    }

    /// Vocabularies leave out bytes that their texts never held; one without plain letters is no vocabulary.
    private static func checkSpelling(_ tokens: [Int32?], _ definition: TokenizerDefinition) throws(ModelError) {
        let needed: ClosedRange<Int> = if case .byteLevel = definition.scheme { 0x20...0x7E } else { 0...255 }
        guard definition.unknown == nil || needed.lowerBound > 0,
            let missing = needed.first(where: { tokens[$0] == nil })
        else {
            return
        }
        throw .file(
            name: "tokenizer", problem: "has no token for the byte \(missing), and none for what is unknown",
            remedy: "the vocabulary is incomplete")
    }

    // MARK: What it holds

    /// How many ids there are; a model's vocabulary may be padded beyond.
    public var count: Int { definition.vocabulary.count }
    /// The token that begins a text, and the one that ends it.
    public var beginning: Int32? { definition.beginning }
    public var end: Int32? { definition.end }
    /// Tokens that end a text or a turn: `end`, and control tokens known by name, since files often name only one of
    /// those that their model writes.
    public var endTokens: Set<Int32> {
        let known = specialTokens.filter { Self.endTokenNames.contains($0.content) }.map(\.id)
        return Set(known + (end.map { [$0] } ?? []))
    }

    private static let endTokenNames: Set<String> = [
        "<|endoftext|>", "<|im_end|>", "</s>", "<|eot_id|>", "<|end_of_text|>",
    ]

    /// Tokens that steer the model and stand for no text.
    public var specialTokens: [TokenizerDefinition.AddedToken] { definition.added.filter(\.isControl) }

    /// The id of a token by its text: a control token by its name, others as they stand in text (`" the"`).
    public func id(of text: String) -> Int32? {
        let bytes = Array(text.utf8)
        if let added = definition.added.first(where: { $0.content.utf8.elementsEqual(bytes) }) { return added.id }
        return table.id(of: bytes[...])
    }

    /// Whether `id` is a control token.
    public func isSpecial(_ id: Int32) -> Bool { specialIDs.contains(id) }

    // MARK: Text to ids

    /// The ids of `text`, with nothing put before or after.
    ///
    /// - Parameter allowSpecial: whether control tokens spelled in `text` become themselves; only for trusted text.
    public func encode(_ text: String, allowSpecial: Bool = false) -> [Int32] {
        encode([Part(text, isTrusted: allowSpecial)])
    }

    /// The ids of a whole text as the model was trained on it: with the beginning and end tokens it asks for.
    public func encodeDocument(_ text: String) -> [Int32] {
        let before = definition.addsBeginning ? definition.beginning.map { [$0] } ?? [] : []
        let after = definition.addsEnd ? definition.end.map { [$0] } ?? [] : []
        return before + encode(text) + after
    }

    /// The ids of untrusted `text` that goes on from other text: as `encode`, without SentencePiece's space in front.
    public func encodeContinuation(_ text: String) -> [Int32] {
        encode([Part(text, isTrusted: false)], continues: true)
    }

    /// The ids of `parts` joined: words may span parts, control tokens are recognised only inside a trusted part.
    public func encode(_ parts: [Part]) -> [Int32] { encode(parts, continues: false) }

    private func encode(_ parts: [Part], continues: Bool) -> [Int32] {
        var bytes: [UInt8] = []
        var trusted: [Range<Int>] = []
        for part in parts {
            let start = bytes.count
            bytes.append(contentsOf: part.text.utf8)
            if part.isTrusted { trusted.append(start..<bytes.count) }
        }
        var encoder = StretchEncoder(tokenizer: self, bytes: bytes, continues: continues)
        var (offset, plainStart, trustedIndex) = (0, 0, 0)
        while offset < bytes.count {
            while trustedIndex < trusted.count, trusted[trustedIndex].upperBound <= offset { trustedIndex += 1 }
            let isTrusted = trustedIndex < trusted.count && trusted[trustedIndex].contains(offset)
            let trustedEnd = isTrusted ? trusted[trustedIndex].upperBound : offset
            guard let token = matcher.match(bytes, at: offset, trustedEnd: trustedEnd) else {
                offset += 1
                continue
            }
            var plainEnd = offset
            offset += token.bytes.count
            if token.added.absorbsLeft { while plainEnd > plainStart, bytes[plainEnd - 1] == 0x20 { plainEnd -= 1 } }
            if token.added.absorbsRight { while offset < bytes.count, bytes[offset] == 0x20 { offset += 1 } }
            encoder.append(plainStart..<plainEnd)
            encoder.ids.append(token.added.id)
            plainStart = offset
        }
        encoder.append(plainStart..<bytes.count)
        return encoder.ids
    }

    // MARK: Ids to text

    /// The bytes `id` stands for: part of a character, perhaps; a control token's name; nothing for an id beyond
    /// `count`.
    public func bytes(of id: Int32) -> [UInt8] {
        id >= 0 && Int(id) < count ? Array(table[Int(id)]) : []
    }

    /// The text of `ids`. Bytes that are not UTF-8 become U+FFFD.
    ///
    /// - Parameter skippingSpecial: whether control tokens are left out rather than spelled.
    public func decode(_ ids: [Int32], skippingSpecial: Bool = false) -> String {
        var bytes: [UInt8] = []
        for id in ids where id >= 0 && Int(id) < count {
            if !(skippingSpecial && isSpecial(id)) { bytes.append(contentsOf: table[Int(id)]) }
        }
        if definition.putsSpaceFirst, bytes.first == 0x20 { bytes.removeFirst() }
        return String(decoding: bytes, as: UTF8.self)
    }
}

// MARK: - Encoding between added tokens

extension Tokenizer {
    /// Encodes stretches of plain text into one list of ids.
    private struct StretchEncoder {
        let tokenizer: Tokenizer
        let bytes: [UInt8]
        var ids: [Int32] = []
        var merger: PairMerger
        var word: [Int32] = []

        /// Whether the text goes on from other text, so that nothing is put before it.
        private let continues: Bool

        init(tokenizer: Tokenizer, bytes: [UInt8], continues: Bool) {
            self.tokenizer = tokenizer
            self.bytes = bytes
            self.continues = continues
            merger = PairMerger(tokenizer.pairs)
        }

        mutating func append(_ range: Range<Int>) {
            guard !range.isEmpty else { return }
            switch tokenizer.definition.scheme {
            case .byteLevel(let pattern):
                if tokenizer.definition.composesUnicode, bytes[range].contains(where: { $0 >= 0x80 }) {
                    let composed = UnicodeComposition.compose(bytes[range])
                    appendWords(composed, 0..<composed.count, pattern)
                } else {
                    appendWords(bytes, range, pattern)
                }
            case .sentencePiece(let prefix):
                let goesOn = continues && range.lowerBound == 0
                appendPieces(
                    SpaceMark.marked(
                        bytes[range], prefix: goesOn ? .none : prefix, isTextStart: range.lowerBound == 0))
            }
        }

        private mutating func appendWords(
            _ bytes: [UInt8], _ range: Range<Int>, _ pattern: TokenizerDefinition.WordPattern
        ) {
            WordScanner(bytes, range).forEachWord(pattern) { range in
                if tokenizer.definition.takesWholeWords, let id = tokenizer.table.id(of: bytes[range]) {
                    ids.append(id)
                    return
                }
                word.removeAll(keepingCapacity: true)
                for byte in bytes[range] { appendByte(byte) }
                merger.append(word, to: &ids)
            }
        }

        /// Characters the vocabulary lacks become their bytes.
        private mutating func appendPieces(_ bytes: [UInt8]) {
            word.removeAll(keepingCapacity: true)
            var start = 0
            while start < bytes.count {
                var end = start + 1
                while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
                if let id = tokenizer.table.id(of: bytes[start..<end]) {
                    word.append(id)
                } else {
                    for byte in bytes[start..<end] { appendByte(byte) }
                }
                start = end
            }
            merger.append(word, to: &ids)
        }

        private mutating func appendByte(_ byte: UInt8) {
            if let id = tokenizer.byteTokens[Int(byte)] {
                word.append(id)
            } else if case .sentencePiece = tokenizer.definition.scheme, let unknown = tokenizer.definition.unknown,
                word.last != unknown
            {
                // Unknown characters in a row are one unknown token. A byte that a byte-level vocabulary lacks is
                // left out, as the reference does: what such a file calls unknown is often a control token.
                word.append(unknown)
            }
        }
    }
}
