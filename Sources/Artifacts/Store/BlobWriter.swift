/// Writes raw bytes into the store as one blob, hashed as they come.
///
/// Nothing is visible before `finish()`. Used from one task.
public final class BlobWriter {
    private let layout: StoreLayout
    private let file: TemporaryFile
    private var content = DigestStream()

    init(layout: StoreLayout) throws {
        self.layout = layout
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
        let found = try ReadableFile(path: file.path).digest()
        guard found == digest else {
            throw ArtifactError.digestMismatch(path: file.path, expected: digest, found: found)
        }
        let reference = ArtifactReference(
            digest: digest, schema: ArtifactReference.blobSchema, rows: 0, bytes: file.count, storedBytes: file.count)
        return try ObjectPlacement.place(file, as: reference, in: layout)
    }

    /// Gives the blob up and removes what was written.
    public func cancel() { file.discard() }
}
