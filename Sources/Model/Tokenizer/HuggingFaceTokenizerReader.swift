public import Foundation

extension Tokenizer {
    /// The tokenizer in a Hugging Face `tokenizer.json`, with `tokenizer_config.json` where there is one.
    ///
    /// - Throws: `ModelError.file` for a damaged file, or a kind of tokenizer not supported here.
    public init(huggingFace tokenizer: URL, configuration: URL? = nil) throws(ModelError) {
        var settings: JSONNode?
        if let configuration { settings = try JSONNode.read(configuration) }
        try self.init(
            try TokenizerDefinition(
                huggingFace: try JSONNode.read(tokenizer), configuration: settings, name: tokenizer.lastPathComponent)
        )
    }
}

extension TokenizerDefinition {
    /// A `tokenizer.json` as a definition; parts that would change ids and are not known are refused.
    package init(huggingFace json: JSONNode, configuration: JSONNode?, name: String) throws(ModelError) {
        let reader = HuggingFaceTokenizerReader(json: json, name: name)
        let added = try reader.added()
        let vocabulary = try reader.vocabulary(added: added)
        self.init(
            scheme: try reader.scheme(), vocabulary: vocabulary, merges: try reader.merges(vocabulary), added: added)
        takesWholeWords = json["model"]?["ignore_merges"]?.bool ?? false
        composesUnicode = try reader.composesUnicode()
        let frame = try reader.frame()
        addsBeginning = frame.beginning != nil
        addsEnd = frame.end != nil
        (beginning, end) = (frame.beginning, frame.end)

        let index = VocabularyIndex(vocabulary, file: name)
        if let token = json["model"]?["unk_token"]?.string { unknown = index.id(of: token) }
        guard let configuration else { return }
        func named(_ key: String) -> Int32? {
            (configuration[key]?.string ?? configuration[key]?["content"]?.string).flatMap { index.id(of: $0) }
        }
        beginning = named("bos_token") ?? beginning
        end = named("eos_token") ?? end
        unknown = named("unk_token") ?? unknown
        padding = named("pad_token")
        addsBeginning = configuration["add_bos_token"]?.bool ?? addsBeginning
        addsEnd = configuration["add_eos_token"]?.bool ?? addsEnd
    }
}

/// The parts of a `tokenizer.json`, each checked.
private struct HuggingFaceTokenizerReader {
    let json: JSONNode
    let name: String

    private func fault(_ problem: String, remedy: String? = nil) -> ModelError {
        .file(name: name, problem: problem, remedy: remedy)
    }

    private func token(_ id: Int?, _ what: String) throws(ModelError) -> Int32 {
        guard let id, let token = Int32(exactly: id), token >= 0 else { throw fault("\(what) has no id") }
        return token
    }

    // MARK: Vocabulary

    func added() throws(ModelError) -> [TokenizerDefinition.AddedToken] {
        var tokens: [TokenizerDefinition.AddedToken] = []
        for node in json["added_tokens"]?.array ?? [] {
            guard let content = node["content"]?.string, !content.isEmpty else {
                throw fault("an added token has no content")
            }
            let id = try token(node["id"]?.integer, "the added token '\(content)'")
            if node["single_word"]?.bool == true {
                throw fault("the added token '\(content)' matches whole words only, which is not supported")
            }
            var token = TokenizerDefinition.AddedToken(
                id: id, content: content, isControl: node["special"]?.bool ?? false)
            token.absorbsLeft = node["lstrip"]?.bool ?? false
            token.absorbsRight = node["rstrip"]?.bool ?? false
            tokens.append(token)
        }
        return tokens.sorted { $0.id < $1.id }
    }

    func vocabulary(added: [TokenizerDefinition.AddedToken]) throws(ModelError) -> [String] {
        guard json["model"]?["type"]?.string ?? "BPE" == "BPE", let members = json["model"]?["vocab"]?.members else {
            throw fault(
                "is not a byte-pair tokenizer ('\(json["model"]?["type"]?.string ?? "none")')",
                remedy: "only BPE is supported")
        }
        var pairs: [(Int32, String)] = []
        pairs.reserveCapacity(members.count)
        for member in members {
            pairs.append((try token(member.value.integer, "the token '\(member.key)'"), member.key))
        }
        for token in added { pairs.append((token.id, token.content)) }
        // Ids are dense, so the largest is bounded by how many there are; anything else has a hole.
        var vocabulary = [String?](repeating: nil, count: pairs.count)
        var count = 0
        for (id, text) in pairs {
            guard Int(id) < vocabulary.count else {
                throw fault("the token '\(text)' has the id \(id), beyond a hole in the ids")
            }
            if let other = vocabulary[Int(id)], !other.utf8.elementsEqual(text.utf8) {
                throw fault("the id \(id) is both '\(other)' and '\(text)'")
            }
            if vocabulary[Int(id)] == nil { count += 1 }
            vocabulary[Int(id)] = text
        }
        if let hole = vocabulary.prefix(count).firstIndex(of: nil) { throw fault("no token has the id \(hole)") }
        return vocabulary.prefix(count).compactMap(\.self)
    }

    func merges(_ vocabulary: [String]) throws(ModelError) -> [TokenizerDefinition.Merge] {
        guard let nodes = json["model"]?["merges"]?.array else { throw fault("has no merges") }
        let index = VocabularyIndex(vocabulary, file: name)
        var merges: [TokenizerDefinition.Merge] = []
        merges.reserveCapacity(nodes.count)
        for node in nodes {
            if let text = node.string {
                merges.append(try index.merge(spaced: text))
            } else if let pair = node.array?.compactMap(\.string), pair.count == 2 {
                merges.append(try index.merge(Array(pair[0].utf8)[...], Array(pair[1].utf8)[...]))
            } else {
                throw fault("merge \(merges.count) is neither a text nor a pair of texts")
            }
        }
        return merges
    }

    // MARK: Scheme

    /// A node and, when it is a sequence, its parts.
    private func steps(_ key: String, _ list: String) -> [JSONNode] {
        guard let node = json[key], !node.isNull else { return [] }
        return node["type"]?.string == "Sequence" ? node[list]?.array ?? [] : [node]
    }

    private func type(_ node: JSONNode) -> String { node["type"]?.string ?? "none" }

    func composesUnicode() throws(ModelError) -> Bool {
        steps("normalizer", "normalizers").contains { type($0) == "NFC" }
    }

    func scheme() throws(ModelError) -> TokenizerDefinition.Scheme {
        let cutters = steps("pre_tokenizer", "pretokenizers")
        if cutters.contains(where: { type($0) == "ByteLevel" }) { return .byteLevel(try pattern(cutters)) }
        guard json["model"]?["byte_fallback"]?.bool == true else {
            throw fault(
                "is neither byte-level nor SentencePiece with byte fallback", remedy: "other kinds are not supported")
        }
        return .sentencePiece(try prefix(cutters))
    }

    private func pattern(_ cutters: [JSONNode]) throws(ModelError) -> TokenizerDefinition.WordPattern {
        for node in steps("normalizer", "normalizers") where type(node) != "NFC" {
            throw fault("the normalizer '\(type(node))' is not known for a byte-level tokenizer")
        }
        guard let last = cutters.last, type(last) == "ByteLevel", last["add_prefix_space"]?.bool != true else {
            throw fault("puts a space before every text, which is not supported for a byte-level tokenizer")
        }
        let usesOwnPattern = last["use_regex"]?.bool ?? true
        if cutters.count == 1, usesOwnPattern { return .gpt2 }
        if cutters.count == 2, usesOwnPattern, type(cutters[0]) == "Digits",
            cutters[0]["individual_digits"]?.bool == true
        {
            return .digitsThenGPT2
        }
        if cutters.count == 2, !usesOwnPattern, type(cutters[0]) == "Split",
            cutters[0]["behavior"]?.string == "Isolated",
            let text = cutters[0]["pattern"]?["Regex"]?.string
        {
            let known = TokenizerDefinition.WordPattern.allCases.first { $0.splitPattern == text }
            if let known { return known }
            throw fault(
                "cuts words by an unknown pattern '\(text)'", remedy: "known are GPT-2's, Llama 3's and Qwen2's")
        }
        throw fault("cuts words by \(cutters.map(type).joined(separator: ", ")), which is not supported")
    }

    private func prefix(_ cutters: [JSONNode]) throws(ModelError) -> TokenizerDefinition.SpacePrefix {
        var prefix = TokenizerDefinition.SpacePrefix.none
        for node in steps("normalizer", "normalizers") {
            switch type(node) {
            case "Prepend" where node["prepend"]?.string == "▁": prefix = .everyStretch
            case "Replace" where node["pattern"]?["String"]?.string == " " && node["content"]?.string == "▁": continue
            default: throw fault("the normalizer '\(type(node))' is not known for a SentencePiece tokenizer")
            }
        }
        for node in cutters {
            guard type(node) == "Metaspace", node["split"]?.bool == false else {
                throw fault("cuts words by '\(type(node))', which is not supported for a SentencePiece tokenizer")
            }
            let scheme =
                node["prepend_scheme"]?.string ?? (node["add_prefix_space"]?.bool == false ? "never" : "always")
            switch scheme {
            case "always": prefix = .everyStretchWithout
            case "first": prefix = .textStart
            case "never": prefix = .none
            default: throw fault("the prepend_scheme '\(scheme)' is not known")
            }
        }
        return prefix
    }

    /// The tokens that a single text is put between.
    func frame() throws(ModelError) -> (beginning: Int32?, end: Int32?) {
        var frame: (beginning: Int32?, end: Int32?) = (nil, nil)
        for node in steps("post_processor", "processors") {
            switch type(node) {
            case "ByteLevel": continue
            case "TemplateProcessing":
                var isBefore = true
                for piece in node["single"]?.array ?? [] {
                    if let special = piece["SpecialToken"]?["id"]?.string {
                        let ids = node["special_tokens"]?[special]?["ids"]?.array
                        let id = try token(ids?.first?.integer, "the template's token '\(special)'")
                        if isBefore { frame.beginning = id } else { frame.end = id }
                    } else {
                        isBefore = false
                    }
                }
            default: throw fault("the post-processor '\(type(node))' is not known")
            }
        }
        return frame
    }
}
