/// Names an artifact or a blob by its content, and says what to expect there.
public struct ArtifactReference: Codable, Hashable, Sendable {
    /// The schema of raw bytes, which have no rows.
    public static let blobSchema = "blob"

    /// SHA-256 of the uncompressed rows, or of the blob.
    public var digest: ContentDigest
    /// `candidate/1`, or `blob`.
    public var schema: String
    /// Rows of an artifact; a blob has none.
    public var rows: Int
    /// Uncompressed size.
    public var bytes: Int
    /// Size on disk; for artifacts it depends on the compressor and is no part of any key.
    public var storedBytes: Int

    public init(digest: ContentDigest, schema: String, rows: Int, bytes: Int, storedBytes: Int) {
        self.digest = digest
        self.schema = schema
        self.rows = rows
        self.bytes = bytes
        self.storedBytes = storedBytes
    }

    public var isBlob: Bool { schema == Self.blobSchema }
}
