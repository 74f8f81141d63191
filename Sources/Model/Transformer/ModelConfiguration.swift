/// The shape of a Llama-family transformer: RMSNorm, rotary positions, grouped-query attention, SwiGLU.
public struct ModelConfiguration: Codable, Hashable, Sendable {
    /// V: how many tokens the vocabulary holds.
    public var vocabularySize: Int
    /// C: width of the residual stream.
    public var hiddenSize: Int
    /// Width inside the SwiGLU block.
    public var intermediateSize: Int
    public var layerCount: Int
    /// H: query heads; a multiple of `keyValueHeadCount`.
    public var headCount: Int
    public var keyValueHeadCount: Int
    /// Width of one head; even, since rotary positions pair its halves.
    public var headSize: Int
    public var ropeTheta: Double
    public var normEpsilon: Double
    /// Longest context the model was made for, in tokens.
    public var contextLength: Int
    /// Whether the output matrix is the embedding matrix.
    public var tiesEmbeddings: Bool

    public init(
        vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int, headCount: Int,
        keyValueHeadCount: Int, headSize: Int, ropeTheta: Double, normEpsilon: Double, contextLength: Int,
        tiesEmbeddings: Bool
    ) {
        self.vocabularySize = vocabularySize
        self.hiddenSize = hiddenSize
        self.intermediateSize = intermediateSize
        self.layerCount = layerCount
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headSize = headSize
        self.ropeTheta = ropeTheta
        self.normEpsilon = normEpsilon
        self.contextLength = contextLength
        self.tiesEmbeddings = tiesEmbeddings
    }

    public var querySize: Int { headCount * headSize }
    public var keyValueSize: Int { keyValueHeadCount * headSize }

    /// - Throws: `ModelError.configuration` naming the field that cannot be.
    public func validate() throws(ModelError) {
        let limits: [(String, Int, ClosedRange<Int>)] = [
            ("vocab_size", vocabularySize, 1...(1 << 24)), ("hidden_size", hiddenSize, 1...(1 << 17)),
            ("intermediate_size", intermediateSize, 1...(1 << 19)), ("num_hidden_layers", layerCount, 1...1024),
            ("num_attention_heads", headCount, 1...1024), ("num_key_value_heads", keyValueHeadCount, 1...1024),
            ("head_dim", headSize, 2...1024), ("max_position_embeddings", contextLength, 1...(1 << 24)),
        ]
        for (field, value, range) in limits where !range.contains(value) {
            throw .configuration(
                field: field, problem: "is \(value), outside \(range.lowerBound)…\(range.upperBound)")
        }
        if headCount % keyValueHeadCount != 0 {
            throw .configuration(
                field: "num_key_value_heads", problem: "\(keyValueHeadCount) does not divide \(headCount) heads")
        }
        if headSize % 2 != 0 { throw .configuration(field: "head_dim", problem: "is \(headSize), which is odd") }
        if !(ropeTheta.isFinite && ropeTheta > 1) {
            throw .configuration(field: "rope_theta", problem: "is \(ropeTheta)")
        }
        if !(normEpsilon.isFinite && normEpsilon >= 0 && normEpsilon < 1) {
            throw .configuration(field: "rms_norm_eps", problem: "is \(normEpsilon)")
        }
    }
}
