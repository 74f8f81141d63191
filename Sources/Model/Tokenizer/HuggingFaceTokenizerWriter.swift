extension TokenizerDefinition {
    /// The definition as `tokenizer.json`; the same bytes for the same definition, always.
    package func tokenizerJSON() -> JSONNode {
        .object([
            JSONMember("version", .string("1.0")),
            JSONMember("truncation", .null),
            JSONMember("padding", .null),
            JSONMember("added_tokens", .array(added.map(addedJSON))),
            JSONMember("normalizer", normalizerJSON),
            JSONMember("pre_tokenizer", preTokenizerJSON),
            JSONMember("post_processor", postProcessorJSON),
            JSONMember("decoder", decoderJSON),
            JSONMember("model", modelJSON),
        ])
    }

    /// `tokenizer_config.json`: the roles of control tokens and the chat template.
    package func tokenizerConfigurationJSON(chatTemplate: [JSONMember]) -> JSONNode {
        func name(_ id: Int32?) -> JSONNode { id.map { .string(vocabulary[Int($0)]) } ?? .null }
        return .object(
            [
                JSONMember("add_bos_token", .bool(addsBeginning)),
                JSONMember("add_eos_token", .bool(addsEnd)),
                JSONMember("bos_token", name(beginning)),
            ] + chatTemplate + [
                JSONMember("clean_up_tokenization_spaces", .bool(false)),
                JSONMember("eos_token", name(end)),
                JSONMember("pad_token", name(padding)),
                JSONMember("tokenizer_class", .string("PreTrainedTokenizerFast")),
                JSONMember("unk_token", name(unknown)),
            ])
    }

    // MARK: Parts

    private static func node(_ type: String, _ members: JSONMember...) -> JSONNode {
        .object([JSONMember("type", .string(type))] + members)
    }

    private static func replace(_ text: String, _ content: String) -> JSONNode {
        node(
            "Replace", JSONMember("pattern", .object([JSONMember("String", .string(text))])),
            JSONMember("content", .string(content)))
    }

    private static func byteLevel(usesPattern: Bool) -> JSONNode {
        node(
            "ByteLevel", JSONMember("add_prefix_space", .bool(false)), JSONMember("trim_offsets", .bool(true)),
            JSONMember("use_regex", .bool(usesPattern)))
    }

    private func addedJSON(_ token: AddedToken) -> JSONNode {
        .object([
            JSONMember("id", .integer(Int64(token.id))),
            JSONMember("content", .string(token.content)),
            JSONMember("single_word", .bool(false)),
            JSONMember("lstrip", .bool(token.absorbsLeft)),
            JSONMember("rstrip", .bool(token.absorbsRight)),
            JSONMember("normalized", .bool(false)),
            JSONMember("special", .bool(token.isControl)),
        ])
    }

    private var normalizerJSON: JSONNode {
        switch scheme {
        case .byteLevel: return composesUnicode ? Self.node("NFC") : .null
        case .sentencePiece(.none): return Self.replace(" ", "▁")
        case .sentencePiece(.everyStretch):
            let steps = [Self.node("Prepend", JSONMember("prepend", .string("▁"))), Self.replace(" ", "▁")]
            return Self.node("Sequence", JSONMember("normalizers", .array(steps)))
        case .sentencePiece: return .null
        }
    }

    private var preTokenizerJSON: JSONNode {
        func sequence(_ first: JSONNode, usesPattern: Bool) -> JSONNode {
            Self.node(
                "Sequence", JSONMember("pretokenizers", .array([first, Self.byteLevel(usesPattern: usesPattern)])))
        }
        func metaspace(_ scheme: String) -> JSONNode {
            Self.node(
                "Metaspace", JSONMember("replacement", .string("▁")), JSONMember("prepend_scheme", .string(scheme)),
                JSONMember("split", .bool(false)))
        }
        switch scheme {
        case .byteLevel(.digitsThenGPT2):
            return sequence(Self.node("Digits", JSONMember("individual_digits", .bool(true))), usesPattern: true)
        case .byteLevel(let pattern):
            guard let text = pattern.splitPattern else { return Self.byteLevel(usesPattern: true) }
            let split = Self.node(
                "Split", JSONMember("pattern", .object([JSONMember("Regex", .string(text))])),
                JSONMember("behavior", .string("Isolated")), JSONMember("invert", .bool(false)))
            return sequence(split, usesPattern: false)
        case .sentencePiece(.everyStretchWithout): return metaspace("always")
        case .sentencePiece(.textStart): return metaspace("first")
        case .sentencePiece: return .null
        }
    }

    /// The tokens put before and after a text, and before and after each of two.
    private var postProcessorJSON: JSONNode {
        let before = addsBeginning ? beginning : nil, after = addsEnd ? end : nil
        guard before != nil || after != nil else { return .null }
        func piece(_ kind: String, _ id: String, _ type: Int64) -> JSONNode {
            .object([
                JSONMember(kind, .object([JSONMember("id", .string(id)), JSONMember("type_id", .integer(type))]))
            ])
        }
        func frame(_ sequence: String, _ type: Int64) -> [JSONNode] {
            var pieces: [JSONNode] = []
            if let before { pieces.append(piece("SpecialToken", vocabulary[Int(before)], type)) }
            pieces.append(piece("Sequence", sequence, type))
            if let after { pieces.append(piece("SpecialToken", vocabulary[Int(after)], type)) }
            return pieces
        }
        let tokens = Set([before, after].compactMap(\.self)).sorted().map { id in
            let text = vocabulary[Int(id)]
            return JSONMember(
                text,
                .object([
                    JSONMember("id", .string(text)), JSONMember("ids", .array([.integer(Int64(id))])),
                    JSONMember("tokens", .array([.string(text)])),
                ]))
        }
        return Self.node(
            "TemplateProcessing", JSONMember("single", .array(frame("A", 0))),
            JSONMember("pair", .array(frame("A", 0) + frame("B", 1))), JSONMember("special_tokens", .object(tokens)))
    }

    private var decoderJSON: JSONNode {
        guard case .sentencePiece(let prefix) = scheme else { return Self.byteLevel(usesPattern: true) }
        var steps = [Self.replace("▁", " "), Self.node("ByteFallback"), Self.node("Fuse")]
        if prefix != .none {
            steps.append(
                Self.node(
                    "Strip", JSONMember("content", .string(" ")), JSONMember("start", .integer(1)),
                    JSONMember("stop", .integer(0))))
        }
        return Self.node("Sequence", JSONMember("decoders", .array(steps)))
    }

    private var modelJSON: JSONNode {
        let isSentencePiece = if case .sentencePiece = scheme { true } else { false }
        // 'left right' is what every version reads; a token with a space in it needs the newer form of a pair.
        let hasSpaces = merges.contains { merge in
            [merge.left, merge.right].contains { vocabulary[Int($0)].utf8.contains(0x20) }
        }
        let pairs = merges.map { merge -> JSONNode in
            let left = vocabulary[Int(merge.left)], right = vocabulary[Int(merge.right)]
            return hasSpaces ? .array([.string(left), .string(right)]) : .string("\(left) \(right)")
        }
        let ids = vocabulary.enumerated().map { JSONMember($0.element, .integer(Int64($0.offset))) }
        return Self.node(
            "BPE", JSONMember("dropout", .null),
            // Byte-level text has no unknown characters; the role is in tokenizer_config.json all the same.
            JSONMember("unk_token", isSentencePiece ? unknown.map { .string(vocabulary[Int($0)]) } ?? .null : .null),
            JSONMember("continuing_subword_prefix", .null), JSONMember("end_of_word_suffix", .null),
            JSONMember("fuse_unk", .bool(isSentencePiece)), JSONMember("byte_fallback", .bool(isSentencePiece)),
            JSONMember("ignore_merges", .bool(takesWholeWords)), JSONMember("vocab", .object(ids)),
            JSONMember("merges", .array(pairs)))
    }
}

extension TokenizerDefinition.WordPattern {
    /// The pattern as a `Split` pre-tokenizer writes it; nil where a pre-tokenizer of its own stands for it.
    var splitPattern: String? {
        switch self {
        case .gpt2, .digitsThenGPT2: nil
        case .llama3: Self.llamaPattern(number: #"\p{N}{1,3}"#)
        case .qwen2: Self.llamaPattern(number: #"\p{N}"#)
        }
    }

    private static func llamaPattern(number: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + number
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }
}
