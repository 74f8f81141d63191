extension ModelConfiguration {
    /// The configuration that a Hugging Face `config.json` describes, in the form of transformers 4 or 5.
    ///
    /// - Parameter name: the file's name, for messages.
    /// - Throws: `ModelError` for an architecture or a variant (biases, scaled rotary positions) not supported here.
    package init(huggingFace json: JSONNode, name: String) throws(ModelError) {
        let fields = ConfigurationFields(json: json, name: name)
        let type = try fields.string("model_type") ?? ""
        guard ["llama", "mistral", "qwen2"].contains(type) else {
            throw .file(
                name: name, problem: "has the model_type '\(type)'",
                remedy: "supported are llama (Llama, SmolLM2) and mistral")
        }
        try fields.refuseVariants(type: type)
        let headCount = try fields.integer("num_attention_heads")
        let hiddenSize = try fields.integer("hidden_size")
        let contextLength = try fields.optionalInteger("max_position_embeddings") ?? 2048
        let rope = try fields.rope()
        // Qwen2 writes a window that 'use_sliding_window' then switches off.
        let usesWindow = type == "mistral" || json["use_sliding_window"]?.bool == true
        let window = usesWindow ? try fields.optionalInteger("sliding_window") : nil
        let evenSplit = headCount > 0 && hiddenSize % headCount == 0 ? hiddenSize / headCount : 0
        self.init(
            vocabularySize: try fields.integer("vocab_size"), hiddenSize: hiddenSize,
            intermediateSize: try fields.integer("intermediate_size"),
            layerCount: try fields.integer("num_hidden_layers"), headCount: headCount,
            keyValueHeadCount: try fields.optionalInteger("num_key_value_heads") ?? headCount,
            headSize: try fields.optionalInteger("head_dim") ?? evenSplit, ropeTheta: rope,
            normEpsilon: try fields.optionalDouble("rms_norm_eps") ?? 1e-6,
            // Within its window, sliding attention is full attention.
            contextLength: window.map { min($0, contextLength) } ?? contextLength,
            tiesEmbeddings: try fields.optionalBool("tie_word_embeddings") ?? false)
        try validate()
    }

    /// `config.json` in the form of transformers 4, which version 5 reads too; keys sorted, the same bytes always.
    package func huggingFace(beginning: Int32?, end: Int32?) -> JSONNode {
        func token(_ id: Int32?) -> JSONNode { id.map { .integer(Int64($0)) } ?? .null }
        func whole(_ value: Int) -> JSONNode { .integer(Int64(value)) }
        return .object([
            JSONMember("architectures", .array([.string("LlamaForCausalLM")])),
            JSONMember("attention_bias", .bool(false)),
            JSONMember("attention_dropout", .number(0)),
            JSONMember("bos_token_id", token(beginning)),
            JSONMember("eos_token_id", token(end)),
            JSONMember("head_dim", whole(headSize)),
            JSONMember("hidden_act", .string("silu")),
            JSONMember("hidden_size", whole(hiddenSize)),
            JSONMember("initializer_range", .number(0.02)),
            JSONMember("intermediate_size", whole(intermediateSize)),
            JSONMember("max_position_embeddings", whole(contextLength)),
            JSONMember("mlp_bias", .bool(false)),
            JSONMember("model_type", .string("llama")),
            JSONMember("num_attention_heads", whole(headCount)),
            JSONMember("num_hidden_layers", whole(layerCount)),
            JSONMember("num_key_value_heads", whole(keyValueHeadCount)),
            JSONMember("pretraining_tp", whole(1)),
            JSONMember("rms_norm_eps", .number(normEpsilon)),
            JSONMember("rope_scaling", .null),
            JSONMember("rope_theta", .number(ropeTheta)),
            JSONMember("tie_word_embeddings", .bool(tiesEmbeddings)),
            JSONMember("torch_dtype", .string("float32")),
            JSONMember("use_cache", .bool(true)),
            JSONMember("vocab_size", whole(vocabularySize)),
        ])
    }
}

/// Typed access to a `config.json`; a null counts as absent, as in transformers.
private struct ConfigurationFields {
    let json: JSONNode
    let name: String

    private subscript(key: String) -> JSONNode? {
        guard let value = json[key], !value.isNull else { return nil }
        return value
    }

    private func wrong(_ key: String, _ kind: String, _ value: JSONNode) -> ModelError {
        .file(name: name, problem: "'\(key)' is \(value.kind), not \(kind)")
    }

    func string(_ key: String) throws(ModelError) -> String? {
        guard let value = self[key] else { return nil }
        guard let text = value.string else { throw wrong(key, "a string", value) }
        return text
    }

    func optionalInteger(_ key: String) throws(ModelError) -> Int? {
        guard let value = self[key] else { return nil }
        guard let whole = value.integer else { throw wrong(key, "a whole number", value) }
        return whole
    }

    func integer(_ key: String) throws(ModelError) -> Int {
        guard let whole = try optionalInteger(key) else { throw .file(name: name, problem: "lacks '\(key)'") }
        return whole
    }

    func optionalDouble(_ key: String) throws(ModelError) -> Double? {
        guard let value = self[key] else { return nil }
        guard let number = value.double else { throw wrong(key, "a number", value) }
        return number
    }

    func optionalBool(_ key: String) throws(ModelError) -> Bool? {
        guard let value = self[key] else { return nil }
        guard let flag = value.bool else { throw wrong(key, "a boolean", value) }
        return flag
    }

    func refuseVariants(type: String) throws(ModelError) {
        if type == "qwen2" {
            throw .file(
                name: name, problem: "is a Qwen2 model, whose attention has biases",
                remedy: "biases are not supported; use a Llama, SmolLM2 or Mistral model")
        }
        for key in ["attention_bias", "mlp_bias"] where try optionalBool(key) == true {
            throw .file(name: name, problem: "'\(key)' is true", remedy: "biases are not supported")
        }
        if let activation = try string("hidden_act"), activation != "silu", activation != "swish" {
            throw .file(name: name, problem: "'hidden_act' is '\(activation)'", remedy: "only silu is supported")
        }
        if self["quantization_config"] != nil {
            throw .file(
                name: name, problem: "the weights are quantised",
                remedy: "give the F32, F16 or BF16 weights, or a GGUF")
        }
    }

    /// The base of the rotary frequencies: `rope_parameters` in version 5, `rope_theta` beside `rope_scaling` in 4.
    func rope() throws(ModelError) -> Double {
        let parameters = self["rope_parameters"], scaling = self["rope_scaling"]
        for node in [parameters, scaling] {
            let type = node?["rope_type"]?.string ?? node?["type"]?.string ?? "default"
            guard type == "default" else {
                throw .file(
                    name: name, problem: "scales rotary positions ('\(type)')", remedy: "only 'default' is supported")
            }
        }
        if let theta = parameters?["rope_theta"] {
            guard let value = theta.double else { throw wrong("rope_theta", "a number", theta) }
            return value
        }
        return try optionalDouble("rope_theta") ?? 10_000
    }
}
