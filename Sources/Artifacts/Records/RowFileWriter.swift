/// Writes lines of canonical JSON as a row file: zstd frames of about 1 MiB of rows, a row table, a seek table.
///
/// The file is temporary until it is put in place. Used from one task.
final class RowFileWriter {
    /// A frame ends with the row that brings it to this size.
    static let frameBytes = 1 << 20
    /// One row must fit one frame, and a reader holds a frame in memory.
    static let maximumRowBytes = 256 << 20

    let file: TemporaryFile
    private let compressor: ZstdCompressor
    private var pending: [UInt8] = []
    private var pendingRows = 0
    private var content = DigestStream()
    private var stored = DigestStream()
    private var table = SeekTable()

    init(in folder: String) throws {
        file = try TemporaryFile(in: folder)
        compressor = try ZstdCompressor(path: file.path)
        pending.reserveCapacity(Self.frameBytes + (64 << 10))
    }

    /// Appends one row, given its canonical value.
    func append(_ row: JSONValue) throws {
        let start = pending.count
        do {
            try CanonicalJSON.append(row, to: &pending)
        } catch {
            pending.removeSubrange(start...)
            throw error
        }
        let rowBytes = pending.count - start
        guard rowBytes <= Self.maximumRowBytes else {
            pending.removeSubrange(start...)
            throw ArtifactError.rowTooLong(bytes: rowBytes, limit: Self.maximumRowBytes)
        }
        pending.append(UInt8(ascii: "\n"))
        pendingRows += 1
        if pending.count >= Self.frameBytes { try endFrame() }
    }

    /// Ends the file, reads it back and compares it with what was appended.
    /// - Throws: `ArtifactError.digestMismatch` or `.damagedFile` where the disk gives back something else.
    func finish(schema: String) throws -> ArtifactReference {
        try endFrame()
        table.storedDigest = stored.finalize()
        try file.write(table.encoded())
        let reference = ArtifactReference(
            digest: content.finalize(), schema: schema, rows: table.rows, bytes: table.bytes, storedBytes: file.count)
        try RowFile(path: file.path).verify(reference)
        return reference
    }

    private func endFrame() throws {
        guard pendingRows > 0 else { return }
        let before = file.count
        try pending.withUnsafeBytes { rows in
            content.update(rows)
            try compressor.withFrame(of: rows) { frame in
                stored.update(frame)
                try file.write(frame)
            }
        }
        table.append(.init(storedBytes: file.count - before, bytes: pending.count, rows: pendingRows))
        pending.removeAll(keepingCapacity: true)
        pendingRows = 0
    }
}
