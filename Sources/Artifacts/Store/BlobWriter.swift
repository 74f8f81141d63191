/// Writes raw bytes into the store as one blob, hashed as they come.
///
/// Nothing is visible before `finish()`. Used from one task.
public final class BlobWriter {
    private let layout: StoreLayout
    private let verified: VerifiedBlobs
    private let file: TemporaryFile
    private var content = DigestStream()

    init(layout: StoreLayout, verified: VerifiedBlobs) throws {
        self.layout = layout
        self.verified = verified
        file = try TemporaryFile(in: layout.temporary)
    }

    /// Bytes written so far.
    public var count: Int { file.count }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        try file.write(bytes)
        content.update(bytes)
    }

    public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

    /// Ends the blob: reads it back, makes it durable and gives it its name in the store.
    public func finish() throws -> ArtifactReference {
        let digest = content.finalize()
        let copy = try ReadableFile(path: file.path)
        let found = try copy.digest()
        guard found == digest else {
            throw ArtifactError.digestMismatch(path: file.path, expected: digest, found: found)
        }
        let reference = ArtifactReference(
            digest: digest, schema: ArtifactReference.blobSchema, rows: 0, bytes: file.count, storedBytes: file.count)
        let placed = try ObjectPlacement.place(file, as: reference, in: layout)
        // Getting its name changes neither the inode nor the time of its content.
        verified.note(digest, copy.version)
        return placed
    }

    /// Gives the blob up and removes what was written.
    public func cancel() { file.discard() }
}
