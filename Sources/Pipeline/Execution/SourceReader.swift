internal import Artifacts
internal import Foundation

/// Hashes sources, and brings them into the store once a stage that reads them has to run.
struct SourceReader {
    /// The sources that were hashed, by name.
    private(set) var known: [String: ArtifactReference] = [:]

    /// What `source` is called in keys. Hashing is all that a plan needs: nothing is written, and the stored size of
    /// a folder's list is not known yet.
    /// - Throws: `PipelineError.missingSource`, `.sourceDigestMismatch`.
    mutating func reference(_ source: PlannedSource) throws -> ArtifactReference {
        if let reference = known[source.name] { return reference }
        let reference = source.isFolder ? try Self.folder(source).reference : try Self.file(source)
        if let expected = source.sha256, expected != reference.digest {
            throw PipelineError.sourceDigestMismatch(
                source.name, path: source.path, expected: expected, found: reference.digest, at: source.location)
        }
        known[source.name] = reference
        return reference
    }

    /// Copies the source into the store, unless a sound copy is there; a damaged one is replaced.
    /// - Throws: `ArtifactError.sourceDigestMismatch` where it is no longer what was hashed.
    static func ingest(
        _ source: PlannedSource, as reference: ArtifactReference, into store: ArtifactStore
    ) throws -> ArtifactReference {
        guard source.isFolder else {
            if try store.holds(blob: reference.digest) { return reference }
            return try store.ingest(file: URL(filePath: source.path), expected: reference.digest)
        }
        let writer = try store.writer(of: FolderEntry.self)
        for entry in try folder(source).entries {
            if try !store.holds(blob: entry.digest) {
                let file = URL(filePath: source.path).appending(path: entry.path)
                _ = try store.ingest(file: file, expected: entry.digest)
            }
            try writer.append(entry)
        }
        let stored = try writer.finish()
        guard stored.digest == reference.digest else {
            throw ArtifactError.sourceDigestMismatch(
                path: source.path, expected: reference.digest, found: stored.digest)
        }
        return stored
    }

    private static func file(_ source: PlannedSource) throws -> ArtifactReference {
        let (digest, bytes) = try hash(source.path, of: source)
        return ArtifactReference(
            digest: digest, schema: ArtifactReference.blobSchema, rows: 0, bytes: bytes, storedBytes: bytes)
    }

    /// The files of a folder in the order of their paths, and the artifact that lists them.
    private static func folder(_ source: PlannedSource) throws -> (
        entries: [FolderEntry], reference: ArtifactReference
    ) {
        guard let names = try? FileManager.default.subpathsOfDirectory(atPath: source.path) else {
            throw missing(source, path: source.path)
        }
        var entries: [FolderEntry] = []
        var rows: [UInt8] = []
        for name in names.sorted() {
            let path = source.path + "/" + name
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
                continue
            }
            let (digest, bytes) = try hash(path, of: source)
            let entry = FolderEntry(path: name, digest: digest, bytes: bytes)
            entries.append(entry)
            rows += try CanonicalJSON.encode(encodable: entry) + [UInt8(ascii: "\n")]
        }
        let reference = ArtifactReference(
            digest: ContentDigest(hashing: rows), schema: FolderEntry.schema.description, rows: entries.count,
            bytes: rows.count, storedBytes: 0)
        return (entries, reference)
    }

    private static func hash(_ path: String, of source: PlannedSource) throws -> (ContentDigest, bytes: Int) {
        // Opening a pipe would wait for somebody to write.
        guard FileKind(path: path) == .file, let file = FileHandle(forReadingAtPath: path) else {
            throw missing(source, path: path)
        }
        defer { try? file.close() }
        var stream = DigestStream()
        var bytes = 0
        do {
            while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
                piece.withUnsafeBytes { stream.update($0) }
                bytes += piece.count
            }
        } catch {
            throw missing(source, path: path)
        }
        return (stream.finalize(), bytes)
    }

    private static func missing(_ source: PlannedSource, path: String) -> PipelineError {
        .missingSource(source.name, path: path, reason: FileReason.text(path: path), at: source.location)
    }
}
