public import Foundation
internal import Synchronization

/// A folder of artifacts named by their content, and of stage results named by their keys.
///
/// Any number of tasks and processes may use one store at once. What is read needs no lock; what is written becomes
/// visible in one step. Layout, formats and the order of every commit: `docs/artifact-format.md`.
public final class ArtifactStore: Sendable {
    public let root: URL
    /// Record files that could not be read while a lost index was rebuilt; their stages run again when asked for.
    public let damagedRecords: [String]
    let layout: StoreLayout
    let index: ArtifactIndex
    private let verifiedBlobs = VerifiedBlobs()

    /// Opens the store at `root`.
    ///
    /// A missing index is rebuilt from the records.
    /// - Parameter create: whether to make a store where there is none.
    /// - Throws: `ArtifactError.storeMissing`; `.foreignIndex` or `.newerIndex`, having changed nothing.
    public static func open(_ root: URL, create: Bool) throws -> ArtifactStore {
        try ArtifactStore(root: root.absoluteURL.standardizedFileURL, create: create)
    }

    private init(root: URL, create: Bool) throws {
        self.root = root
        let layout = StoreLayout(folder: root)
        let isStore = try FileStatus(path: layout.index) != nil || FileStatus(path: layout.records) != nil
        guard isStore || create else { throw ArtifactError.storeMissing(path: layout.root) }

        // The index first: a foreign one must be noticed before anything is made.
        if try FileStatus(path: layout.index) == nil { try layout.folders.forEach(Folder.create) }
        var damaged: [String] = []
        index = try ArtifactIndex(path: layout.index) {
            var records = try RecordFile.readAll(in: layout.records, damaged: &damaged)
            records.uses = try RunListing.all(in: layout).reversed().flatMap(\.uses)
            return records
        }
        // Not those that are there: they were durable before there was an index.
        for folder in layout.folders where try FileStatus(path: folder) == nil { try Folder.create(folder) }
        self.layout = layout
        damagedRecords = damaged
    }

    // MARK: Objects and blobs

    /// A writer of a new artifact of rows `R`.
    public func writer<R: Record>(of type: R.Type) throws -> RecordWriter<R> { try RecordWriter(layout: layout) }

    /// A reader of the artifact as rows of `R`.
    /// - Throws: `ArtifactError.schemaMismatch` where it holds other rows; `.missingObject`; `.damagedFile`.
    public func reader<R: Record>(_ reference: ArtifactReference, as type: R.Type) throws -> RecordReader<R> {
        guard reference.schema == R.schema.description else {
            throw ArtifactError.schemaMismatch(
                digest: reference.digest, stored: reference.schema, asked: R.schema.description)
        }
        return try RecordReader(path: objectPath(reference), reference: reference)
    }

    /// A reader of the artifact's rows as JSON, whatever their schema.
    /// - Throws: `ArtifactError.schemaMismatch` for a blob.
    public func rowReader(_ reference: ArtifactReference) throws -> RowReader {
        guard !reference.isBlob else {
            throw ArtifactError.schemaMismatch(digest: reference.digest, stored: reference.schema, asked: "any/1")
        }
        return try RowReader(path: objectPath(reference), reference: reference)
    }

    /// Writes rows that are JSON already as an artifact of `schema`.
    public func write(rows: some Sequence<JSONValue>, schema: String) throws -> ArtifactReference {
        let writer = try RowFileWriter(in: layout.temporary)
        for row in rows { try writer.append(row) }
        return try ObjectPlacement.place(writer.file, as: writer.finish(schema: schema), in: layout)
    }

    private func objectPath(_ reference: ArtifactReference) throws -> String {
        let path = layout.object(reference.digest)
        guard try FileStatus(path: path) != nil else { throw ArtifactError.missingObject(path: path) }
        return path
    }

    /// A writer of a new blob.
    public func blobWriter() throws -> BlobWriter { try BlobWriter(layout: layout, verified: verifiedBlobs) }

    /// Stores `bytes` as a blob.
    public func ingest(bytes: [UInt8]) throws -> ArtifactReference {
        let writer = try blobWriter()
        try writer.write(bytes)
        return try writer.finish()
    }

    /// Copies a file from outside into the store, hashed as it is copied, so that what was hashed is what is kept.
    ///
    /// Content that is there already, and sound, is not written again; a damaged copy is replaced.
    /// - Parameter expected: the digest the file must have.
    /// - Throws: `ArtifactError.sourceDigestMismatch`, having stored nothing.
    public func ingest(file: URL, expected: ContentDigest? = nil) throws -> ArtifactReference {
        let path = file.path(percentEncoded: false)
        let source = try ReadableFile(path: path)
        // Reading twice is cheaper than writing, which the usual case, a source seen before, then needs not at all.
        var stream = DigestStream()
        var bytes = 0
        try source.forEachPiece {
            stream.update($0); bytes += $0.count
        }
        let digest = stream.finalize()
        try Self.check(digest, of: path, expected: expected)
        let reference = ArtifactReference(
            digest: digest, schema: ArtifactReference.blobSchema, rows: 0, bytes: bytes, storedBytes: bytes)
        if try holds(blob: digest) { return reference }

        let writer = try blobWriter()
        try source.forEachPiece { try writer.write($0) }
        let stored = try writer.finish()
        // Changed while we read: what counts is what was copied.
        try Self.check(stored.digest, of: path, expected: expected)
        return stored
    }

    private static func check(_ found: ContentDigest, of path: String, expected: ContentDigest?) throws {
        guard let expected, found != expected else { return }
        throw ArtifactError.sourceDigestMismatch(path: path, expected: expected, found: found)
    }

    /// Removes the copies of `sources` that no result names, and those of the files of a folder among them: a stage
    /// refused them.
    ///
    /// Without effect while anything else runs on the store, which may be about to make results of them.
    public func takeBack(_ sources: [ArtifactReference]) throws {
        guard let lock = try FileLock(path: layout.storeLock, mode: .exclusive) else { return }
        defer { withExtendedLifetime(lock) {} }
        try index.checkPlace()
        let named = NamedContent(of: try index.acceptedRecords().values, layout: layout)
        for source in sources {
            let path = layout.path(of: source)
            let files = source.isBlob ? [] : NamedContent.files(of: path).map(layout.blob)
            for file in [path] + files where !named.contains(file) { try Folder.removeFile(file) }
        }
    }

    /// The file of a blob, which is read-only and must stay as it is.
    ///
    /// It is read whole and compared with its name the first time it is asked for, and again when it changed.
    /// - Throws: `ArtifactError.missingObject`, `.digestMismatch`.
    public func blobURL(_ digest: ContentDigest) throws -> URL {
        try verifiedBlobs.check(digest, at: layout.blob(digest))
        return blobLocation(digest)
    }

    /// Where the file of a blob is to be found, whether or not it is there and sound.
    package func blobLocation(_ digest: ContentDigest) -> URL {
        URL(filePath: layout.blob(digest), directoryHint: .notDirectory)
    }

    /// Whether the store holds the blob, and its content is what its name says; verified as by `blobURL(_:)`.
    public func holds(blob digest: ContentDigest) throws -> Bool {
        do {
            try verifiedBlobs.check(digest, at: layout.blob(digest))
            return true
        } catch ArtifactError.missingObject, ArtifactError.digestMismatch {
            return false
        }
    }

    /// Whether the store holds a file of the right size for `reference`. Contents are not looked at: whole reads verify
    /// those of objects, `blobURL(_:)` those of blobs.
    public func exists(_ reference: ArtifactReference) -> Bool {
        (try? FileStatus(path: layout.path(of: reference)))?.size == reference.storedBytes
    }

    /// Reads the whole object or blob and compares it with `reference`.
    /// - Throws: `ArtifactError.missingObject`, `.damagedFile` or `.digestMismatch`.
    public func verify(_ reference: ArtifactReference) throws { try layout.verify(reference) }
}
