public import Foundation

/// A language model with what is needed to talk to it: tokenizer and chat template.
public struct PretrainedModel: Sendable {
    public var model: LanguageModel
    public var tokenizer: Tokenizer
    /// Nil for a model without one, or with one unknown here.
    public var chatTemplate: ChatTemplate?
    /// The file's own Jinja text, kept so that an export carries it on unchanged.
    public var chatTemplateText: String?

    public init(
        model: LanguageModel, tokenizer: Tokenizer, chatTemplate: ChatTemplate? = nil, chatTemplateText: String? = nil
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.chatTemplate = chatTemplate
        self.chatTemplateText = chatTemplateText
    }

    /// A model from a GGUF file, its tokenizer and template from the same file.
    ///
    /// - Parameter chatTemplate: used instead of the file's own.
    /// - Throws: `ModelError` for a damaged file or an unsupported kind of model.
    public init(gguf url: URL, chatTemplate: ChatTemplate? = nil) throws(ModelError) {
        let file = try GGUFFile(url)
        try self.init(
            model: LanguageModel(gguf: file), tokenizer: Tokenizer(gguf: file),
            text: GGUFMetadata(file).optionalString("tokenizer.chat_template"), given: chatTemplate)
    }

    /// A model from a Hugging Face folder.
    ///
    /// - Parameter chatTemplate: used instead of the folder's own.
    /// - Throws: `ModelError` for damaged or missing files, or an unsupported kind of model.
    public init(huggingFace folder: URL, chatTemplate: ChatTemplate? = nil) throws(ModelError) {
        try self.init(huggingFace: try HuggingFaceFiles(folder: folder), chatTemplate: chatTemplate)
    }

    /// A model from files in Hugging Face's form, wherever they lie.
    public init(huggingFace files: HuggingFaceFiles, chatTemplate: ChatTemplate? = nil) throws(ModelError) {
        guard let tokenizerFile = files.tokenizer else {
            throw .file(name: files.configuration.path, problem: "no tokenizer.json stands beside it")
        }
        let tokenizer = try Tokenizer(huggingFace: tokenizerFile, configuration: files.tokenizerConfiguration)
        var text: String?
        var written: ChatTemplate?
        if let configuration = files.tokenizerConfiguration {
            let json = try JSONNode.read(configuration)
            text = Self.templateText(json["chat_template"])
            if let node = json[ChatTemplate.ownKey] {
                written = try ChatTemplate(node, name: configuration.lastPathComponent)
            }
        }
        if let file = files.chatTemplate {
            let mapped = try MappedFile(file)
            text = String(decoding: mapped.bytes(0..<mapped.count), as: UTF8.self)
        }
        try self.init(
            model: LanguageModel(huggingFace: files), tokenizer: tokenizer, text: text, given: chatTemplate ?? written
        )
    }

    /// `chat_template` is a text, or a list of named ones.
    private static func templateText(_ node: JSONNode?) -> String? {
        node?.string ?? node?.array?.first { $0["name"]?.string == "default" }?["template"]?.string
    }

    private init(model: LanguageModel, tokenizer: Tokenizer, text: String?, given: ChatTemplate?) throws(ModelError) {
        let count = model.configuration.vocabularySize
        guard tokenizer.count <= count else {
            throw .file(
                name: "tokenizer", problem: "has \(tokenizer.count) tokens, the model only \(count)",
                remedy: "the tokenizer may belong to another model")
        }
        self.init(model: model, tokenizer: tokenizer, chatTemplate: given, chatTemplateText: text)
        if given == nil, let text { chatTemplate = try? Self.recognise(text, tokenizer) }
    }

    private static func recognise(_ text: String, _ tokenizer: Tokenizer) throws(ModelError) -> ChatTemplate {
        func content(_ id: Int32?) -> String? { id.map { tokenizer.definition.vocabulary[Int($0)] } }
        return try ChatTemplate.recognise(text, beginning: content(tokenizer.beginning), end: content(tokenizer.end))
    }

    /// The chat template, for a caller that cannot do without.
    ///
    /// - Throws: `ModelError.unknownChatTemplate` when the model brings none, or one that is not known.
    public func requiredChatTemplate() throws(ModelError) -> ChatTemplate {
        if let chatTemplate { return chatTemplate }
        guard let chatTemplateText else { throw ChatTemplate.unknown("(the model brings none)") }
        return try Self.recognise(chatTemplateText, tokenizer)
    }
}

// MARK: - Writing

extension PretrainedModel {
    /// A small file of the Hugging Face form, in memory.
    public struct File: Hashable, Sendable {
        public var name: String
        public var bytes: [UInt8]
    }

    /// `config.json`, `tokenizer.json` and `tokenizer_config.json`; the same bytes for the same model, always.
    ///
    /// With the weights as `SafetensorsWriter` writes them they are a complete Hugging Face folder.
    public func descriptionFiles() -> [File] {
        let definition = tokenizer.definition
        var template: [JSONMember] = []
        if let text = chatTemplateText ?? chatTemplate?.jinja {
            let recognised = try? Self.recognise(text, tokenizer)
            // A template of the user's own wins over the text the file came with, and is kept whole beside its Jinja.
            if let chatTemplate, recognised != chatTemplate {
                template = [
                    JSONMember("chat_template", .string(chatTemplate.jinja)),
                    JSONMember(ChatTemplate.ownKey, chatTemplate.json),
                ]
            } else {
                template = [JSONMember("chat_template", .string(text))]
            }
        }
        let configuration = model.configuration.huggingFace(beginning: definition.beginning, end: definition.end)
        return [
            File(name: "config.json", bytes: configuration.encoded(.indented)),
            File(name: "tokenizer.json", bytes: definition.tokenizerJSON().encoded(.compact)),
            File(
                name: "tokenizer_config.json",
                bytes: definition.tokenizerConfigurationJSON(chatTemplate: template).encoded(.indented)),
        ]
    }

    /// Writes the model as a Hugging Face folder, which is made if need be.
    ///
    /// - Throws: `ModelError.file` when a file cannot be written.
    public func writeHuggingFace(to folder: URL) throws(ModelError) {
        try model.writeSafetensors(to: folder)
        for file in descriptionFiles() {
            do {
                try Data(file.bytes).write(to: folder.appending(path: file.name))
            } catch {
                throw .file(
                    name: folder.appending(path: file.name).path,
                    problem: "cannot be written: \(error.localizedDescription)")
            }
        }
    }
}

extension LanguageModel {
    /// Writes `config.json` and `model.safetensors`: a Hugging Face folder without a tokenizer.
    public func writeHuggingFace(to folder: URL) throws(ModelError) {
        try writeSafetensors(to: folder)
        let json = configuration.huggingFace(beginning: nil, end: nil).encoded(.indented)
        do {
            try Data(json).write(to: folder.appending(path: "config.json"))
        } catch {
            throw .file(
                name: folder.appending(path: "config.json").path,
                problem: "cannot be written: \(error.localizedDescription)")
        }
    }

    fileprivate func writeSafetensors(to folder: URL) throws(ModelError) {
        let file = folder.appending(path: "model.safetensors")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data().write(to: file)
            let handle = try FileHandle(forWritingTo: file)
            defer { try? handle.close() }
            try SafetensorsWriter.write(self) { piece in try handle.write(contentsOf: Data(piece)) }
        } catch {
            throw .file(name: file.path, problem: "cannot be written: \(error.localizedDescription)")
        }
    }
}
