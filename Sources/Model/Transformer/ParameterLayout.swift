/// Where each tensor of a model lies in its one contiguous block of parameters.
///
/// Names and order are Hugging Face's. Query, key and value weights of a layer stand next to one another, and so do
/// gate and up, so each group can be used as one matrix without a copy.
public struct ParameterLayout: Hashable, Sendable {
    /// One tensor: `shape` in rows × columns (or one dimension for a norm), `offset` in floats.
    public struct Tensor: Hashable, Sendable {
        public var name: String
        public var shape: [Int]
        public var offset: Int
        public var count: Int { shape.reduce(1, *) }
        public var range: Range<Int> { offset..<(offset + count) }
        /// Weight matrices take weight decay; norms do not.
        public var isMatrix: Bool { shape.count == 2 }
    }

    /// Offsets of one layer's tensors, in floats.
    public struct Layer: Hashable, Sendable {
        /// (querySize + 2 · keyValueSize, hiddenSize): query, key, value.
        public var queryKeyValue: Int
        /// (hiddenSize, querySize)
        public var attentionOutput: Int
        /// (2 · intermediateSize, hiddenSize): gate, up.
        public var gateUp: Int
        /// (hiddenSize, intermediateSize)
        public var down: Int
        /// (hiddenSize)
        public var attentionNorm: Int
        /// (hiddenSize)
        public var feedForwardNorm: Int
    }

    public let tensors: [Tensor]
    public let layers: [Layer]
    /// (vocabularySize, hiddenSize)
    public let embedding: Int
    /// (hiddenSize)
    public let finalNorm: Int
    /// (vocabularySize, hiddenSize); the same as `embedding` when tied.
    public let output: Int
    /// Floats in all.
    public let count: Int

    public init(_ configuration: ModelConfiguration) {
        let C = configuration.hiddenSize, I = configuration.intermediateSize, V = configuration.vocabularySize
        let Q = configuration.querySize, KV = configuration.keyValueSize
        var tensors: [Tensor] = []
        var offset = 0
        func place(_ name: String, _ shape: Int...) -> Int {
            tensors.append(Tensor(name: name, shape: shape, offset: offset))
            defer { offset += shape.reduce(1, *) }
            return offset
        }
        embedding = place("model.embed_tokens.weight", V, C)
        layers = (0..<configuration.layerCount).map { index in
            let prefix = "model.layers.\(index)."
            let query = place(prefix + "self_attn.q_proj.weight", Q, C)
            _ = place(prefix + "self_attn.k_proj.weight", KV, C)
            _ = place(prefix + "self_attn.v_proj.weight", KV, C)
            let attentionOutput = place(prefix + "self_attn.o_proj.weight", C, Q)
            let gate = place(prefix + "mlp.gate_proj.weight", I, C)
            _ = place(prefix + "mlp.up_proj.weight", I, C)
            let down = place(prefix + "mlp.down_proj.weight", C, I)
            let attentionNorm = place(prefix + "input_layernorm.weight", C)
            let feedForwardNorm = place(prefix + "post_attention_layernorm.weight", C)
            return Layer(
                queryKeyValue: query, attentionOutput: attentionOutput, gateUp: gate, down: down,
                attentionNorm: attentionNorm, feedForwardNorm: feedForwardNorm)
        }
        finalNorm = place("model.norm.weight", C)
        output = configuration.tiesEmbeddings ? embedding : place("lm_head.weight", V, C)
        self.tensors = tensors
        count = offset
    }
}
