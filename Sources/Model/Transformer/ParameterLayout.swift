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

    /// A matrix (outFeatures, inFeatures) that rows are multiplied by: one tensor, or several that stand next to one
    /// another.
    public struct Matrix: Hashable, Sendable {
        /// Its place in `matrices`.
        public var index: Int
        /// In floats.
        public var offset: Int
        public var outFeatures: Int
        public var inFeatures: Int

        package init(index: Int, offset: Int, outFeatures: Int, inFeatures: Int) {
            self.index = index
            self.offset = offset
            self.outFeatures = outFeatures
            self.inFeatures = inFeatures
        }
    }

    /// Where one layer's parameters are; those of norms by their offset, in floats.
    public struct Layer: Hashable, Sendable {
        /// (querySize + 2 · keyValueSize, hiddenSize): query, key, value.
        public var queryKeyValue: Matrix
        /// (hiddenSize, querySize)
        public var attentionOutput: Matrix
        /// (2 · intermediateSize, hiddenSize): gate, up.
        public var gateUp: Matrix
        /// (hiddenSize, intermediateSize)
        public var down: Matrix
        /// (hiddenSize)
        public var attentionNorm: Int
        /// (hiddenSize)
        public var feedForwardNorm: Int
    }

    public let tensors: [Tensor]
    public let layers: [Layer]
    /// All matrices that rows are multiplied by: layer after layer, then `output`.
    public let matrices: [Matrix]
    /// (vocabularySize, hiddenSize)
    public let embedding: Int
    /// (hiddenSize)
    public let finalNorm: Int
    /// (vocabularySize, hiddenSize); the parameters of `embedding` when tied.
    public let output: Matrix
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
        var matrices: [Matrix] = []
        func matrix(at offset: Int, _ outFeatures: Int, _ inFeatures: Int) -> Matrix {
            matrices.append(
                Matrix(index: matrices.count, offset: offset, outFeatures: outFeatures, inFeatures: inFeatures))
            return matrices[matrices.count - 1]
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
                queryKeyValue: matrix(at: query, Q + 2 * KV, C),
                attentionOutput: matrix(at: attentionOutput, C, Q), gateUp: matrix(at: gate, 2 * I, C),
                down: matrix(at: down, C, I), attentionNorm: attentionNorm, feedForwardNorm: feedForwardNorm)
        }
        finalNorm = place("model.norm.weight", C)
        output = matrix(at: configuration.tiesEmbeddings ? embedding : place("lm_head.weight", V, C), V, C)
        self.matrices = matrices
        self.tensors = tensors
        count = offset
    }
}
