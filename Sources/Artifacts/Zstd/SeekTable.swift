/// Where the frames of a row file lie, and which rows each holds.
///
/// It is stored in the file itself, as two skippable frames that `zstd -d` passes over: the row counts, and zstd's
/// own seekable format as the very last bytes. Byte by byte: `docs/artifact-format.md`.
struct SeekTable: Equatable {
    struct Frame: Equatable {
        var storedBytes: Int
        var bytes: Int
        var rows: Int
    }

    /// A frame with the positions at which it begins.
    struct Placed: Equatable {
        var frame: Frame
        var offset: Int
        var firstRow: Int
    }

    static let rowTableMagic: UInt32 = 0x184D_2A51
    static let seekTableMagic: UInt32 = 0x184D_2A5E
    static let footerMagic: UInt32 = 0x8F92_EAB1
    /// Frame count, descriptor, magic.
    static let footerSize = 9
    /// Magic and size of a skippable frame.
    static let headerSize = 8
    /// Far above what a writer makes, far below what would hurt a reader of a hostile file.
    static let maximumFrameBytes = 1 << 30

    /// Bytes of a SHA-256.
    static let digestSize = 32

    private(set) var frames: [Frame] = []
    /// SHA-256 of the stored bytes of all row frames one after the other. zstd overlooks a flip of some header bits,
    /// which leaves the rows as they were but not the file.
    var storedDigest = DigestStream().finalize()

    var rows: Int { frames.reduce(0) { $0 + $1.rows } }
    var bytes: Int { frames.reduce(0) { $0 + $1.bytes } }
    var storedBytes: Int { frames.reduce(0) { $0 + $1.storedBytes } }

    mutating func append(_ frame: Frame) { frames.append(frame) }

    var placed: [Placed] {
        var offset = 0
        var row = 0
        return frames.map { frame in
            defer { (offset, row) = (offset + frame.storedBytes, row + frame.rows) }
            return Placed(frame: frame, offset: offset, firstRow: row)
        }
    }

    /// The bytes that follow the last frame of rows.
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        let rowTableSize = 4 * frames.count + Self.digestSize
        bytes.appendLittleEndian(Self.rowTableMagic)
        bytes.appendLittleEndian(UInt32(rowTableSize))
        for frame in frames { bytes.appendLittleEndian(UInt32(frame.rows)) }
        bytes.append(contentsOf: storedDigest.bytes)

        bytes.appendLittleEndian(Self.seekTableMagic)
        bytes.appendLittleEndian(UInt32(8 * (frames.count + 1) + Self.footerSize))
        for frame in frames {
            bytes.appendLittleEndian(UInt32(frame.storedBytes))
            bytes.appendLittleEndian(UInt32(frame.bytes))
        }
        // The row table is a frame too: the seekable format lists a skippable frame with no content.
        bytes.appendLittleEndian(UInt32(Self.headerSize + rowTableSize))
        bytes.appendLittleEndian(UInt32(0))
        bytes.appendLittleEndian(UInt32(frames.count + 1))
        bytes.append(0)  // Descriptor: no checksums here, since each frame carries its own.
        bytes.appendLittleEndian(Self.footerMagic)
        return bytes
    }

    /// Reads the table from the end of `file`, trusting nothing that it says.
    /// - Throws: `ArtifactError.damagedFile` unless the table accounts for every byte of the file.
    static func read(from file: ReadableFile) throws -> SeekTable {
        func damaged(_ reason: String) -> ArtifactError { .damagedFile(path: file.path, reason: reason) }
        guard file.size >= footerSize + headerSize else { throw damaged("it is too short for a seek table") }
        let footer = try file.read(footerSize, at: file.size - footerSize)
        guard footer.littleEndian(at: 5) == footerMagic, footer[4] == 0 else {
            throw damaged("it ends in no seek table")
        }
        let entryCount = Int(footer.littleEndian(at: 0))
        let tableSize = headerSize + 8 * entryCount + footerSize
        guard entryCount > 0, tableSize <= file.size else { throw damaged("its seek table is longer than the file") }

        let table = try file.read(tableSize, at: file.size - tableSize)
        guard table.littleEndian(at: 0) == seekTableMagic, Int(table.littleEndian(at: 4)) == tableSize - headerSize
        else {
            throw damaged("its seek table has no frame of its own")
        }
        let entries = (0..<entryCount).map { index in
            (
                stored: Int(table.littleEndian(at: headerSize + 8 * index)),
                bytes: Int(table.littleEndian(at: headerSize + 8 * index + 4))
            )
        }
        guard entries.reduce(0, { $0 + $1.stored }) == file.size - tableSize else {
            throw damaged("its seek table does not account for every byte")
        }

        let rowTableSize = entries[entryCount - 1].stored
        guard entries[entryCount - 1].bytes == 0, rowTableSize == headerSize + 4 * (entryCount - 1) + digestSize
        else {
            throw damaged("it has no row table")
        }
        let rowTable = try file.read(rowTableSize, at: file.size - tableSize - rowTableSize)
        guard rowTable.littleEndian(at: 0) == rowTableMagic,
            Int(rowTable.littleEndian(at: 4)) == rowTableSize - headerSize
        else { throw damaged("it has no row table") }

        var result = SeekTable()
        for (index, entry) in entries.dropLast().enumerated() {
            let rows = Int(rowTable.littleEndian(at: headerSize + 4 * index))
            guard entry.bytes <= maximumFrameBytes, rows <= entry.bytes else {
                throw damaged("a frame is impossible")
            }
            result.append(Frame(storedBytes: entry.stored, bytes: entry.bytes, rows: rows))
        }
        result.storedDigest = ContentDigest(bytes: rowTable[(rowTableSize - digestSize)...])
        return result
    }
}

extension [UInt8] {
    mutating func appendLittleEndian(_ value: UInt32) {
        for shift in stride(from: 0, to: 32, by: 8) { append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
    }

    func littleEndian(at offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << UInt32(8 * $1) }
    }
}
