public import Foundation

/// The files that make up a model in Hugging Face's form, wherever they lie and whatever they are called.
public struct HuggingFaceFiles: Sendable {
    /// `config.json`
    public var configuration: URL
    /// One safetensors file, or all shards.
    public var weights: [URL]
    /// `tokenizer.json`
    public var tokenizer: URL?
    /// `tokenizer_config.json`
    public var tokenizerConfiguration: URL?
    /// `chat_template.jinja`, where newer versions of transformers keep the template.
    public var chatTemplate: URL?

    public init(
        configuration: URL, weights: [URL], tokenizer: URL? = nil, tokenizerConfiguration: URL? = nil,
        chatTemplate: URL? = nil
    ) {
        self.configuration = configuration
        self.weights = weights
        self.tokenizer = tokenizer
        self.tokenizerConfiguration = tokenizerConfiguration
        self.chatTemplate = chatTemplate
    }

    /// The files of a folder under their usual names; shards through `model.safetensors.index.json`.
    ///
    /// - Throws: `ModelError.file` when configuration or weights are missing, or the index names a file elsewhere.
    public init(folder: URL) throws(ModelError) {
        func existing(_ name: String) -> URL? {
            let file = folder.appending(path: name)
            return FileManager.default.fileExists(atPath: file.path) ? file : nil
        }
        guard let configuration = existing("config.json") else {
            throw .file(
                name: folder.path, problem: "holds no config.json",
                remedy: "give a Hugging Face model folder or a GGUF file")
        }
        self.init(
            configuration: configuration, weights: [], tokenizer: existing("tokenizer.json"),
            tokenizerConfiguration: existing("tokenizer_config.json"), chatTemplate: existing("chat_template.jinja"))
        if let single = existing("model.safetensors") {
            weights = [single]
        } else if let index = existing("model.safetensors.index.json") {
            weights = try Self.shards(index)
        } else {
            throw .file(
                name: folder.path, problem: "holds neither model.safetensors nor model.safetensors.index.json",
                remedy: "other weight formats are not read")
        }
    }

    /// The shards an index names, each once, in order of name.
    private static func shards(_ index: URL) throws(ModelError) -> [URL] {
        let name = index.lastPathComponent
        guard let map = try JSONNode.read(index)["weight_map"]?.members, !map.isEmpty else {
            throw .file(name: name, problem: "has no 'weight_map'")
        }
        var files = Set<String>()
        for member in map {
            guard let file = member.value.string else {
                throw .file(name: name, problem: "names no file for '\(member.key)'")
            }
            // The index comes with the download: it may not point out of its folder.
            guard !file.isEmpty, !file.contains("/"), file != ".." else {
                throw .file(name: name, problem: "names the file '\(file)', which is not in its folder")
            }
            files.insert(file)
        }
        return files.sorted().map { index.deletingLastPathComponent().appending(path: $0) }
    }
}

extension JSONNode {
    /// The JSON value in a file.
    ///
    /// - Throws: `ModelError.file` when the file cannot be read, or is not JSON.
    package static func read(_ url: URL) throws(ModelError) -> JSONNode {
        let file = try MappedFile(url)
        do throws(JSONSyntaxError) {
            return try parse(file.bytes(0..<file.count))
        } catch {
            throw .file(name: file.name, problem: "is not JSON: byte \(error.offset): \(error.reason)")
        }
    }
}

extension LanguageModel {
    /// A model from a Hugging Face folder: `config.json` and safetensors, whole or in shards.
    ///
    /// - Throws: `ModelError` for damaged files, an unsupported architecture, or tensors that do not fit the
    ///   configuration.
    public convenience init(huggingFace folder: URL) throws(ModelError) {
        try self.init(huggingFace: try HuggingFaceFiles(folder: folder))
    }

    /// A model from its configuration and weight files.
    public convenience init(huggingFace files: HuggingFaceFiles) throws(ModelError) {
        let configuration = try ModelConfiguration(
            huggingFace: try JSONNode.read(files.configuration), name: files.configuration.lastPathComponent)
        var tensors: [String: (file: SafetensorsFile, tensor: SafetensorsFile.Tensor)] = [:]
        var available = 0
        for url in files.weights {
            let file = try SafetensorsFile(url)
            for tensor in file.tensors {
                guard tensors.updateValue((file, tensor), forKey: tensor.name) == nil else {
                    throw .file(
                        name: file.file.name,
                        problem: "holds the tensor '\(tensor.name)', which another shard holds too")
                }
                available += tensor.count
            }
        }
        let name = files.weights.first?.lastPathComponent ?? files.configuration.lastPathComponent
        let filled = try ParameterImport.model(configuration, file: name, available: available) { name in
            tensors.removeValue(forKey: name).map { found in
                ParameterImport.Source(shape: found.tensor.shape) { target throws(ModelError) in
                    try found.file.read(found.tensor, into: target)
                }
            }
        }
        // Old checkpoints carry rotary tables, and some tied ones the embedding a second time.
        let ignorable = tensors.keys.filter { !$0.hasSuffix("rotary_emb.inv_freq") && $0 != "lm_head.weight" }
        if let extra = ignorable.min() {
            let remedy =
                extra.hasSuffix(".bias") ? "biases are not supported" : "the model may be of another architecture"
            throw .file(name: name, problem: "holds the tensor '\(extra)', which has no place here", remedy: remedy)
        }
        try self.init(configuration: configuration, parameters: filled.parameters)
    }
}
