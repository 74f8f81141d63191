/// Writes lines of canonical JSON as a row file: zstd frames of about 1 MiB of rows, a row table, a seek table.
///
/// The file is temporary until it is put in place. Used from one task.
final class RowFileWriter {
    /// A frame ends with the row that brings it to this size.
    static let frameBytes = 1 << 20
    /// One row must fit one frame, and a reader holds a frame in memory.
    static let maximumRowBytes = 256 << 20

    /// Frames being compressed while rows of the next one are taken in.
    private static let framesUnderWay = 4

    let file: TemporaryFile
    private let press: FramePress
    private var underWay: [FramePress.Frame] = []
    private var pending: [UInt8] = []
    private var pendingRows = 0
    private var content = DigestStream()
    private var stored = DigestStream()
    private var table = SeekTable()

    init(in folder: String) throws {
        file = try TemporaryFile(in: folder)
        press = try FramePress(path: file.path)
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
        guard pending.count >= Self.frameBytes else { return }
        endFrame()
        while underWay.count > Self.framesUnderWay { try writeFrame() }
    }

    /// Ends the file, reads it back and compares it with what was written.
    /// - Throws: `ArtifactError.damagedFile` where the disk gives back something else.
    func finish(schema: String) throws -> ArtifactReference {
        endFrame()
        while !underWay.isEmpty { try writeFrame() }
        table.storedDigest = stored.finalize()
        try file.write(table.encoded())
        let reference = ArtifactReference(
            digest: content.finalize(), schema: schema, rows: table.rows, bytes: table.bytes, storedBytes: file.count)
        try RowFile(path: file.path).verifyFrames(of: reference)
        return reference
    }

    /// Hands the pending rows over to be compressed.
    private func endFrame() {
        guard pendingRows > 0 else { return }
        underWay.append(press.press(pending, rows: pendingRows))
        pending.withUnsafeBytes { content.update($0) }
        pending = []
        pending.reserveCapacity(Self.frameBytes + (64 << 10))
        pendingRows = 0
    }

    /// Writes the oldest frame under way, once it is compressed.
    private func writeFrame() throws {
        let frame = underWay.removeFirst()
        let bytes = try frame.stored()
        try bytes.withUnsafeBytes { bytes in
            stored.update(bytes)
            try file.write(bytes)
        }
        table.append(.init(storedBytes: bytes.count, bytes: frame.bytes, rows: frame.rows))
    }
}
