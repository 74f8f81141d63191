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
    /// - Returns: how many rows and bytes it has; no rows for a blob.
    /// - Throws: as `verify(_:)`.
    @discardableResult
    func verify(_ digest: ContentDigest, at path: String) throws -> (rows: Int, bytes: Int) {
        guard let status = try FileStatus(path: path) else { throw ArtifactError.missingObject(path: path) }
        guard path == object(digest) else {
            try verifyBlob(digest, at: path)
            return (0, status.size)
        }
        let file = try RowFile(path: path)
        try file.verify(
            ArtifactReference(
                digest: digest, schema: "any/1", rows: file.rows, bytes: file.bytes, storedBytes: file.storedBytes))
        return (file.rows, file.bytes)
    }

    private func verifyBlob(_ digest: ContentDigest, at path: String) throws {
        let found = try ReadableFile(path: path).digest()
        guard found == digest else {
            throw ArtifactError.digestMismatch(path: path, expected: digest, found: found)
        }
    }
}
