/// A stage name in a pipeline, and the key it stood for.
public struct StageUse: Sendable, Hashable {
    public var pipeline: String
    public var stageName: String
    public var key: ContentDigest

    public init(pipeline: String, stageName: String, key: ContentDigest) {
        self.pipeline = pipeline
        self.stageName = stageName
        self.key = key
    }
}

/// An output of a stage as the store lists it.
public struct ArtifactListing: Sendable, Hashable {
    public var stageName: String
    public var port: String
    public var reference: ArtifactReference
    public var key: ContentDigest
    public var kind: String
    public var pipeline: String
    /// ISO 8601 in UTC.
    public var createdAt: String
    /// Whether this is what `name` stands for since the latest run, and not an older result.
    public var isCurrent: Bool

    /// `m2.pairs.pairs`: stage and port.
    public var name: String { "\(stageName).\(port)" }
}
