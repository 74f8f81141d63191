extension StoreLayout {
    /// Reads the whole object or blob and compares it with `reference`.
    /// - Throws: `ArtifactError.missingObject`, `.damagedFile` or `.digestMismatch`.
    func verify(_ reference: ArtifactReference) throws {
        let path = path(of: reference)
        guard try FileStatus(path: path) != nil else { throw ArtifactError.missingObject(path: path) }
        if reference.isBlob {
            try verifyBlob(reference.digest, at: path)
        } else {
            try RowFile(path: path).verify(reference)
        }
    }

    /// Reads the whole object or blob at `path` and compares it with the digest that is its name.
    /// - Throws: as `verify(_:)`.
    func verify(_ digest: ContentDigest, at path: String) throws {
        guard try FileStatus(path: path) != nil else { throw ArtifactError.missingObject(path: path) }
        guard path == object(digest) else { return try verifyBlob(digest, at: path) }
        let file = try RowFile(path: path)
        try file.verify(
            ArtifactReference(
                digest: digest, schema: "any/1", rows: file.rows, bytes: file.bytes, storedBytes: file.storedBytes))
    }

    private func verifyBlob(_ digest: ContentDigest, at path: String) throws {
        let found = try ReadableFile(path: path).digest()
        guard found == digest else {
            throw ArtifactError.digestMismatch(path: path, expected: digest, found: found)
        }
    }
}
