public import Foundation

extension ModelConfiguration {
    /// The configuration a GGUF file's metadata describes.
    ///
    /// - Throws: `ModelError` for an architecture or a variant (scaled rotary positions, experts) not supported here.
    package init(gguf: GGUFFile) throws(ModelError) {
        let metadata = GGUFMetadata(gguf)
        let architecture = try metadata.string("general.architecture")
        // Published qwen2 models have biases: they get this far for the refusal to name the tensor.
        guard ["llama", "qwen2"].contains(architecture) else {
            throw .file(
                name: gguf.file.name, problem: "has the architecture '\(architecture)'",
                remedy: "supported is llama (Llama, SmolLM2, Mistral)")
        }
        func key(_ name: String) -> String { "\(architecture).\(name)" }
        if let scaling = try metadata.optionalString(key("rope.scaling.type")), scaling != "none" {
            throw .file(
                name: gguf.file.name, problem: "scales rotary positions ('\(scaling)'), which is not supported")
        }
        if let experts = try metadata.optionalInteger(key("expert_count")), experts > 0 {
            throw .file(name: gguf.file.name, problem: "is a mixture of \(experts) experts, which is not supported")
        }
        guard let embedding = gguf.tensor("token_embd.weight"), embedding.shape.count == 2 else {
            throw .file(
                name: gguf.file.name, problem: "lacks the tensor 'token_embd.weight'", remedy: "it holds no model")
        }
        let headCount = try metadata.integer(key("attention.head_count"))
        let hiddenSize = try metadata.integer(key("embedding_length"))
        let contextLength = try metadata.integer(key("context_length"))
        let headSize =
            try metadata.optionalInteger(key("attention.key_length"))
            ?? (headCount > 0 && hiddenSize % headCount == 0 ? hiddenSize / headCount : 0)
        if let rotary = try metadata.optionalInteger(key("rope.dimension_count")), rotary != headSize {
            throw .file(
                name: gguf.file.name,
                problem: "rotates \(rotary) of \(headSize) values of a head, which is not supported")
        }
        let window = try metadata.optionalInteger(key("attention.sliding_window")) ?? 0
        self.init(
            vocabularySize: embedding.shape[0], hiddenSize: hiddenSize,
            intermediateSize: try metadata.integer(key("feed_forward_length")),
            layerCount: try metadata.integer(key("block_count")), headCount: headCount,
            keyValueHeadCount: try metadata.optionalInteger(key("attention.head_count_kv")) ?? headCount,
            headSize: headSize, ropeTheta: try metadata.optionalDouble(key("rope.freq_base")) ?? 10_000,
            normEpsilon: try metadata.double(key("attention.layer_norm_rms_epsilon")),
            // Within its window, sliding attention is full attention.
            contextLength: window > 0 ? min(window, contextLength) : contextLength,
            tiesEmbeddings: gguf.tensor("output.weight") == nil)
        try validate()
    }
}

extension LanguageModel {
    /// A model from a GGUF file, dequantised to single precision and put into Hugging Face's order.
    ///
    /// - Throws: `ModelError` for a damaged file, an unsupported architecture, or tensors that do not fit the
    ///   configuration.
    public convenience init(gguf url: URL) throws(ModelError) {
        try self.init(gguf: try GGUFFile(url))
    }

    package convenience init(gguf: GGUFFile) throws(ModelError) {
        let configuration = try ModelConfiguration(gguf: gguf)
        var tensors = Dictionary(uniqueKeysWithValues: gguf.tensors.map { ($0.name, $0) })
        // The 'llama' converter stores rotary pairs side by side; qwen2 keeps Hugging Face's order.
        let isInterleaved = try GGUFMetadata(gguf).string("general.architecture") == "llama"
        let filled = try ParameterImport.model(
            configuration, file: gguf.file.name, available: gguf.tensors.reduce(0) { $0 + $1.count }
        ) { name in
            guard let stored = Self.ggufName(name), let tensor = tensors.removeValue(forKey: stored) else {
                return nil
            }
            let isRotary = stored.hasSuffix("attn_q.weight") || stored.hasSuffix("attn_k.weight")
            let place = isInterleaved && isRotary ? Self.rotaryRow(headSize: configuration.headSize) : nil
            return ParameterImport.Source(shape: tensor.shape) { target throws(ModelError) in
                gguf.read(tensor, into: target, place: place)
            }
        }
        if let extra = tensors.keys.sorted().first {
            let remedy =
                extra.hasSuffix(".bias") ? "biases are not supported" : "the model may be of another architecture"
            throw .file(
                name: gguf.file.name, problem: "holds the tensor '\(extra)', which has no place here", remedy: remedy)
        }
        try self.init(configuration: configuration, parameters: filled.parameters)
    }

    /// Where row `r` of an interleaved query or key matrix goes: within a head of size d, rows 2j and 2j + 1 are a
    /// rotary pair, which Hugging Face keeps in rows j and j + d/2.
    static func rotaryRow(headSize: Int) -> (Int) -> Int {
        { row in
            let (head, inHead) = (row / headSize, row % headSize)
            return head * headSize + inHead / 2 + (inHead % 2) * (headSize / 2)
        }
    }

    /// A layout name as GGUF spells it; nil for a name GGUF has no word for.
    static func ggufName(_ name: String) -> String? {
        switch name {
        case "model.embed_tokens.weight": return "token_embd.weight"
        case "model.norm.weight": return "output_norm.weight"
        case "lm_head.weight": return "output.weight"
        default:
            let parts = name.split(separator: ".", maxSplits: 3)
            guard parts.count == 4, parts[0] == "model", parts[1] == "layers",
                let part = ggufLayerNames[String(parts[3])]
            else { return nil }
            return "blk.\(parts[2]).\(part)"
        }
    }

    private static let ggufLayerNames = [
        "input_layernorm.weight": "attn_norm.weight", "self_attn.q_proj.weight": "attn_q.weight",
        "self_attn.k_proj.weight": "attn_k.weight", "self_attn.v_proj.weight": "attn_v.weight",
        "self_attn.o_proj.weight": "attn_output.weight", "post_attention_layernorm.weight": "ffn_norm.weight",
        "mlp.gate_proj.weight": "ffn_gate.weight", "mlp.up_proj.weight": "ffn_up.weight",
        "mlp.down_proj.weight": "ffn_down.weight",
    ]
}
