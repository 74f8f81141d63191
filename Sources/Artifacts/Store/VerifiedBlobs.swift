internal import Synchronization

/// The blobs that this process has read whole and found to hold what their names say.
///
/// A blob is read when it is first asked for. It is read again only where its file was replaced or written to since, as
/// inode, size and time of change tell. Weights are large, and one run opens the same ones many times.
final class VerifiedBlobs: Sendable {
    private let versions = Mutex<[ContentDigest: FileVersion]>([:])

    /// Makes sure that the file at `path` holds the blob `digest`.
    /// - Throws: `ArtifactError.missingObject`, `.digestMismatch`.
    func check(_ digest: ContentDigest, at path: String) throws {
        guard let status = try FileStatus(path: path) else { throw ArtifactError.missingObject(path: path) }
        if versions.withLock({ $0[digest] }) == status.version { return }
        let file = try ReadableFile(path: path)
        let found = try file.digest()
        guard found == digest else {
            throw ArtifactError.digestMismatch(path: path, expected: digest, found: found)
        }
        // As it was before it was read: whoever changed it meanwhile gave it another time.
        note(digest, file.version)
    }

    /// Takes down that a file of this version was read whole and holds the blob `digest`.
    func note(_ digest: ContentDigest, _ version: FileVersion) {
        versions.withLock { $0[digest] = version }
    }
}
