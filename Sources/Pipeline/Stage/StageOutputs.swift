public import Artifacts

/// What a stage hands back: one artifact a port, and a few numbers about them.
public struct StageOutputs: Sendable {
    /// The artifact of each output port.
    public var artifacts: [String: ArtifactReference]
    /// Small numbers for the closing table: rows in and out, rates, losses. Kept beside the result, never in a key.
    public var summary: JSONValue
    /// Every blob that the artifacts name: weights, tokenizer files. They are kept as long as the result is.
    public var blobs: [ContentDigest]

    public init(
        _ artifacts: [String: ArtifactReference], summary: JSONValue = .object([:]), blobs: [ContentDigest] = []
    ) {
        self.artifacts = artifacts
        self.summary = summary
        self.blobs = blobs
    }
}
