internal import Glibc

/// A row file opened for reading: whole, or any range of rows through its seek table.
struct RowFile {
    let path: String
    private let file: ReadableFile
    private let table: SeekTable

    /// - Throws: `ArtifactError.damagedFile` where the file has no sound seek table.
    init(path: String) throws {
        file = try ReadableFile(path: path)
        table = try SeekTable.read(from: file)
        self.path = path
    }

    var rows: Int { table.rows }
    var bytes: Int { table.bytes }
    var storedBytes: Int { file.size }

    /// Hands over every line, without its line feed, and checks the digest of the whole at the end.
    /// - Throws: `ArtifactError.digestMismatch` after the last line; what was read before must then be thrown away.
    func forEachLine(
        expecting reference: ArtifactReference, _ body: (_ row: Int, _ line: UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard table.rows == reference.rows, table.bytes == reference.bytes else {
            throw ArtifactError.damagedFile(
                path: path,
                reason:
                    "it holds \(table.rows) rows in \(table.bytes) bytes, not \(reference.rows) in \(reference.bytes)"
            )
        }
        var content = DigestStream()
        var stored = DigestStream()
        let frames = try FrameReader(file: file)
        for placed in table.placed {
            try frames.withContent(of: placed) { frame, bytes in
                stored.update(frame)
                content.update(bytes)
                try Self.forEachLine(of: placed, in: bytes, path: path, body)
            }
        }
        let found = content.finalize()
        guard found == reference.digest else {
            throw ArtifactError.digestMismatch(path: path, expected: reference.digest, found: found)
        }
        guard stored.finalize() == table.storedDigest else {
            throw ArtifactError.damagedFile(
                path: path, reason: "its compressed bytes are not those that were written")
        }
    }

    /// Hands over every line; zstd's checksums guard them.
    func forEachLine(_ body: (_ row: Int, _ line: UnsafeRawBufferPointer) throws -> Void) throws {
        try forEachLine(in: 0..<rows, body)
    }

    /// Hands over the lines of `range`, reading only the frames that hold them; zstd's checksums guard those.
    func forEachLine(
        in range: Range<Int>, _ body: (_ row: Int, _ line: UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard range.lowerBound >= 0, range.upperBound <= rows else {
            throw ArtifactError.rowRangeOutside(range: range, rows: rows, file: path)
        }
        let frames = try FrameReader(file: file)
        for placed in table.placed {
            let held = placed.firstRow..<(placed.firstRow + placed.frame.rows)
            guard held.overlaps(range) else { continue }
            try frames.withContent(of: placed) { _, bytes in
                try Self.forEachLine(of: placed, in: bytes, path: path) { row, line in
                    if range.contains(row) { try body(row, line) }
                }
            }
        }
    }

    /// The frame that holds `row`, counted from 0; nil where there is no such row.
    func frame(holding row: Int) throws -> RowFrame? {
        guard row >= 0 else { return nil }
        guard let placed = table.placed.first(where: { row < $0.firstRow + $0.frame.rows }) else { return nil }
        var starts: [Int] = []
        starts.reserveCapacity(placed.frame.rows + 1)
        var copy: [UInt8] = []
        try FrameReader(file: file).withContent(of: placed) { _, bytes in
            copy = Array(bytes)
            var start = 0
            try Self.forEachLine(of: placed, in: bytes, path: path) { _, line in
                starts.append(start)
                start += line.count + 1
            }
        }
        return RowFrame(firstRow: placed.firstRow, starts: starts, bytes: copy)
    }

    /// Reads everything and compares it with `reference`.
    func verify(_ reference: ArtifactReference) throws {
        try forEachLine(expecting: reference) { _, _ in }
    }

    /// Reads everything and compares the compressed bytes with their digest; what they hold was compared when they were
    /// made.
    func verifyFrames(of reference: ArtifactReference) throws {
        guard table.rows == reference.rows, table.bytes == reference.bytes, file.size == reference.storedBytes else {
            throw ArtifactError.damagedFile(path: path, reason: "it does not hold what was written to it")
        }
        var stored = DigestStream()
        for placed in table.placed {
            try file.read(placed.frame.storedBytes, at: placed.offset).withUnsafeBytes { stored.update($0) }
        }
        guard stored.finalize() == table.storedDigest else {
            throw ArtifactError.damagedFile(
                path: path, reason: "its compressed bytes are not those that were written")
        }
    }

    private static func forEachLine(
        of placed: SeekTable.Placed, in bytes: UnsafeRawBufferPointer, path: String,
        _ body: (_ row: Int, _ line: UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var start = 0
        var row = placed.firstRow
        while start < bytes.count, let base = bytes.baseAddress {
            guard let end = memchr(base + start, 0x0A, bytes.count - start) else {
                throw ArtifactError.damagedFile(path: path, reason: "its row \(row + 1) does not end in its frame")
            }
            let length = UnsafeRawPointer(end) - (base + start)
            try body(row, UnsafeRawBufferPointer(rebasing: bytes[start..<(start + length)]))
            start += length + 1
            row += 1
        }
        guard row - placed.firstRow == placed.frame.rows else {
            throw ArtifactError.damagedFile(
                path: path, reason: "a frame holds \(row - placed.firstRow) rows, its table says \(placed.frame.rows)"
            )
        }
    }
}

/// The rows of one frame, decompressed.
struct RowFrame {
    let firstRow: Int
    /// Where each line begins.
    let starts: [Int]
    let bytes: [UInt8]

    var rows: Range<Int> { firstRow..<firstRow + starts.count }

    /// - Precondition: `row` is one of `rows`.
    func withLine<T>(of row: Int, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        let number = row - firstRow
        let end = number + 1 < starts.count ? starts[number + 1] : bytes.count
        return try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[starts[number]..<end - 1])) }
    }
}

/// Reads frames one after the other into the same two buffers.
private final class FrameReader {
    private let file: ReadableFile
    private let decompressor: ZstdDecompressor
    private var stored: [UInt8] = []
    private var content: [UInt8] = []

    init(file: ReadableFile) throws {
        self.file = file
        decompressor = try ZstdDecompressor()
    }

    /// Hands over one frame as it is stored and what it holds, valid within the call.
    func withContent(
        of placed: SeekTable.Placed,
        _ body: (_ stored: UnsafeRawBufferPointer, _ content: UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let frame = placed.frame
        if stored.count < frame.storedBytes { stored = [UInt8](repeating: 0, count: frame.storedBytes) }
        if content.count < frame.bytes { content = [UInt8](repeating: 0, count: frame.bytes) }
        try stored.withUnsafeMutableBytes { stored in
            let stored = UnsafeMutableRawBufferPointer(rebasing: stored[..<frame.storedBytes])
            try file.read(into: stored, at: placed.offset)
            try content.withUnsafeMutableBytes { content in
                let content = UnsafeMutableRawBufferPointer(rebasing: content[..<frame.bytes])
                try decompressor.decompress(UnsafeRawBufferPointer(stored), into: content, path: file.path)
                try body(UnsafeRawBufferPointer(stored), UnsafeRawBufferPointer(content))
            }
        }
    }
}
