public import Artifacts

/// A file of a model in Hugging Face's form: a row of a checkpoint.
///
/// The rows of one artifact together are a complete folder: configuration, tokenizer and weights (single precision,
/// safetensors). The bytes are blobs, so that equal files of two checkpoints are stored once.
public struct CheckpointFile: Record, Equatable {
    public static let schema = RecordSchema("checkpoint", version: 1)

    /// The name in the folder.
    public let id: String
    /// The blob.
    public let digest: ContentDigest
    public let bytes: Int

    package init(name: String, digest: ContentDigest, bytes: Int) {
        id = name
        self.digest = digest
        self.bytes = bytes
    }
}
