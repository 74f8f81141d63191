public import Foundation

extension Tokenizer {
    /// The tokenizer in a GGUF file's metadata.
    ///
    /// - Throws: `ModelError.file` for a damaged file, or a kind of tokenizer not supported here.
    public init(gguf url: URL) throws(ModelError) {
        try self.init(gguf: try GGUFFile(url))
    }

    package init(gguf: GGUFFile) throws(ModelError) {
        try self.init(try TokenizerDefinition(gguf: gguf))
    }
}

extension TokenizerDefinition {
    /// A GGUF vocabulary as a definition.
    package init(gguf: GGUFFile) throws(ModelError) {
        let source = try GGUFVocabulary(gguf)
        switch source.model {
        case "gpt2": self = try source.byteLevel()
        case "llama": self = try source.sentencePiece()
        default:
            throw .file(
                name: gguf.file.name, problem: "has the tokenizer '\(source.model)'",
                remedy: "supported are gpt2 (byte-level) and llama (SentencePiece)")
        }
        beginning = try source.token("bos_token_id")
        end = try source.token("eos_token_id")
        unknown = try source.token("unknown_token_id")
        padding = try source.token("padding_token_id")
        addsBeginning = try source.flag("add_bos_token") ?? addsBeginning
        addsEnd = try source.flag("add_eos_token") ?? false
        // Some converters mark turn markers as user-defined; text must not become one all the same.
        let roles = [beginning, end, padding]
        for index in added.indices {
            let content = added[index].content
            if roles.contains(added[index].id) || content.hasPrefix("<|") && content.hasSuffix("|>") {
                added[index].isControl = true
            }
        }
    }
}

/// The tokenizer part of a GGUF file's metadata.
private struct GGUFVocabulary {
    let model: String
    private let metadata: GGUFMetadata
    private let name: String
    private let tokens: [String]
    private let types: [Int64]

    /// llama.cpp's token types.
    private enum TokenType {
        static let normal: Int64 = 1, unknown: Int64 = 2, control: Int64 = 3, userDefined: Int64 = 4
    }

    init(_ gguf: GGUFFile) throws(ModelError) {
        metadata = GGUFMetadata(gguf)
        name = gguf.file.name
        model = try metadata.string("tokenizer.ggml.model")
        guard let tokens = try metadata.optionalStrings("tokenizer.ggml.tokens") else {
            throw .file(name: name, problem: "lacks the metadata key 'tokenizer.ggml.tokens'")
        }
        types = try metadata.optionalIntegers("tokenizer.ggml.token_type") ?? tokens.map { _ in TokenType.normal }
        guard types.count == tokens.count else {
            throw .file(name: name, problem: "has \(tokens.count) tokens and \(types.count) token types")
        }
        self.tokens = tokens
    }

    func flag(_ key: String) throws(ModelError) -> Bool? { try metadata.optionalBool("tokenizer.ggml.\(key)") }

    func token(_ key: String) throws(ModelError) -> Int32? {
        guard let id = try metadata.optionalInteger("tokenizer.ggml.\(key)") else { return nil }
        guard let token = Int32(exactly: id), tokens.indices.contains(id) else {
            throw .file(
                name: name, problem: "'tokenizer.ggml.\(key)' is \(id), outside the vocabulary of \(tokens.count)")
        }
        return token
    }

    private var added: [TokenizerDefinition.AddedToken] {
        zip(tokens, types).enumerated().compactMap { id, token in
            switch token.1 {
            case TokenType.control, TokenType.unknown:
                TokenizerDefinition.AddedToken(id: Int32(id), content: token.0, isControl: true)
            case TokenType.userDefined:
                TokenizerDefinition.AddedToken(id: Int32(id), content: token.0, isControl: false)
            default: nil
            }
        }
    }

    func byteLevel() throws(ModelError) -> TokenizerDefinition {
        guard let texts = try metadata.optionalStrings("tokenizer.ggml.merges") else {
            throw .file(name: name, problem: "lacks the metadata key 'tokenizer.ggml.merges'")
        }
        let index = VocabularyIndex(tokens, file: name)
        var merges: [TokenizerDefinition.Merge] = []
        merges.reserveCapacity(texts.count)
        for text in texts { merges.append(try index.merge(spaced: text)) }
        let pattern = try wordPattern()
        var definition = TokenizerDefinition(
            scheme: .byteLevel(pattern), vocabulary: tokens, merges: merges, added: added)
        definition.takesWholeWords = pattern == .llama3
        definition.addsBeginning = pattern == .llama3
        definition.composesUnicode = pattern == .qwen2
        return definition
    }

    private func wordPattern() throws(ModelError) -> TokenizerDefinition.WordPattern {
        let known: [(TokenizerDefinition.WordPattern, [String])] = [
            (.gpt2, ["gpt-2", "gpt2", "phi-2", "olmo", "jais"]),
            (.llama3, ["llama-bpe", "llama3", "llama-v3"]),
            (.qwen2, ["qwen2", "deepseek-r1-qwen"]),
            (.digitsThenGPT2, ["smollm", "starcoder", "refact", "command-r"]),
        ]
        let name = try metadata.optionalString("tokenizer.ggml.pre") ?? "(none)"
        guard let pattern = known.first(where: { $0.1.contains(name) })?.0 else {
            throw .file(
                name: self.name, problem: "has the pre-tokenizer '\(name)'",
                remedy: "known are \(known.flatMap(\.1).joined(separator: ", "))")
        }
        return pattern
    }

    func sentencePiece() throws(ModelError) -> TokenizerDefinition {
        guard let scores = try metadata.optionalFloats("tokenizer.ggml.scores"), scores.count == tokens.count else {
            throw .file(name: name, problem: "lacks a score for each token in 'tokenizer.ggml.scores'")
        }
        guard !scores.contains(where: \.isNaN) else {
            throw .file(name: name, problem: "holds a token score that is not a number")
        }
        let merges = SentencePieceMerges.merges(vocabulary: tokens, scores: scores) { types[$0] == TokenType.normal }
        let putsSpaceFirst = try flag("add_space_prefix") ?? true
        var definition = TokenizerDefinition(
            scheme: .sentencePiece(putsSpaceFirst ? .everyStretch : .none), vocabulary: tokens, merges: merges,
            added: added)
        definition.addsBeginning = true
        return definition
    }
}
