public import Artifacts

/// A file of a folder that is a source: the row of a `folder/1` artifact.
public struct FolderEntry: Record {
    public static let schema = RecordSchema("folder", version: 1)

    /// The path below the folder, with `/` between its parts.
    public var path: String
    /// The blob with the file's bytes.
    public var digest: ContentDigest
    public var bytes: Int

    public var id: String { path }

    public init(path: String, digest: ContentDigest, bytes: Int) {
        self.path = path
        self.digest = digest
        self.bytes = bytes
    }
}
