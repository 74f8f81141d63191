/// All that defines a tokenizer, as data: what a `tokenizer.json` holds, whichever file it came from.
///
/// A GGUF vocabulary is turned into this form first, so that a tokenizer behaves the same before and after an export.
public struct TokenizerDefinition: Hashable, Sendable {
    /// How text is cut and spelled before pairs are merged.
    public enum Scheme: Hashable, Sendable {
        /// Words are cut by a pattern, and spelled in the 256 byte tokens.
        case byteLevel(WordPattern)
        /// The whole text is one word, spaces are written `▁`, characters outside the vocabulary fall back to
        /// `<0xNN>`.
        case sentencePiece(SpacePrefix)
    }

    /// The known ways to cut text into words; the patterns themselves are in `WordScanner`.
    public enum WordPattern: String, Hashable, Sendable, CaseIterable {
        case gpt2, llama3, qwen2
        /// Every numeric character is a word of its own, then GPT-2's pattern: SmolLM2, StarCoder.
        case digitsThenGPT2
    }

    /// Where a SentencePiece tokenizer puts a `▁` of its own.
    public enum SpacePrefix: String, Hashable, Sendable {
        case none
        /// Before every stretch of text between control tokens.
        case everyStretch
        /// Before every stretch that does not begin with a space already.
        case everyStretchWithout
        /// Before the text, unless it begins with a space or a control token.
        case textStart
    }

    /// A token found in text as a whole, before any cutting.
    public struct AddedToken: Hashable, Sendable {
        public var id: Int32
        public var content: String
        /// Control tokens steer the model (`<|im_end|>`); text never becomes one unless its writer is trusted.
        public var isControl: Bool
        /// Whether spaces before, or after, the token belong to it.
        public var absorbsLeft = false
        public var absorbsRight = false

        public init(id: Int32, content: String, isControl: Bool) {
            self.id = id
            self.content = content
            self.isControl = isControl
        }
    }

    public var scheme: Scheme
    /// The spelling of each token, by id, as the file writes it: byte-level tokens in GPT-2's alphabet.
    public var vocabulary: [String]
    /// Pairs of ids that become one token, the first to merge first.
    public var merges: [Merge]
    public var added: [AddedToken]
    public var beginning: Int32?
    public var end: Int32?
    public var unknown: Int32?
    public var padding: Int32?
    /// Whether a text for the model begins with `beginning`, and ends with `end`.
    public var addsBeginning = false
    public var addsEnd = false
    /// Whether a word that is a token as it stands is taken whole, without merging (Llama 3).
    public var takesWholeWords = false
    /// Whether text is put into Unicode's composed form first (Qwen2).
    public var composesUnicode = false

    public struct Merge: Hashable, Sendable {
        public var left: Int32
        public var right: Int32
        public var result: Int32

        public init(left: Int32, right: Int32, result: Int32) {
            self.left = left
            self.right = right
            self.result = result
        }
    }

    public init(scheme: Scheme, vocabulary: [String], merges: [Merge], added: [AddedToken]) {
        self.scheme = scheme
        self.vocabulary = vocabulary
        self.merges = merges
        self.added = added
    }
}

extension TokenizerDefinition {
    /// Whether decoded text loses the space put before it.
    var putsSpaceFirst: Bool {
        if case .sentencePiece(let prefix) = scheme { prefix != .none } else { false }
    }

    /// The byte a SentencePiece token `<0xNN>` stands for.
    static func fallbackByte(_ token: String) -> UInt8? {
        let bytes = Array(token.utf8)
        guard bytes.count == 6, token.hasPrefix("<0x"), token.hasSuffix(">") else { return nil }
        return UInt8(token.dropFirst(3).dropLast(), radix: 16)
    }

    /// - Throws: `ModelError.file` when an id lies outside the vocabulary.
    func validate() throws(ModelError) {
        func check(_ id: Int32?, _ what: String) throws(ModelError) {
            guard let id else { return }
            guard id >= 0, Int(id) < vocabulary.count else {
                throw .file(
                    name: "tokenizer", problem: "\(what) is \(id), outside the vocabulary of \(vocabulary.count)")
            }
        }
        guard !vocabulary.isEmpty, vocabulary.count <= 1 << 24 else {
            throw .file(name: "tokenizer", problem: "has a vocabulary of \(vocabulary.count) tokens")
        }
        for (id, what) in [
            (beginning, "the beginning token"), (end, "the end token"), (unknown, "the unknown token"),
            (padding, "the padding token"),
        ] { try check(id, what) }
        for token in added { try check(token.id, "the added token '\(token.content)'") }
        for merge in merges {
            try check(merge.left, "a merge")
            try check(merge.right, "a merge")
            try check(merge.result, "a merge")
        }
    }
}
