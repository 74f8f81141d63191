internal import Artifacts
internal import Foundation

/// Writes rows to stdout as JSON lines.
struct RowLines {
    /// Bytes gathered before one write: lines are short, and a system call each would be slow.
    private static let pieceSize = 1 << 16
    private var piece = Data(capacity: 2 * pieceSize)

    mutating func write(_ line: UnsafeRawBufferPointer) throws {
        piece.append(contentsOf: line)
        try endLine()
    }

    mutating func write(_ row: JSONValue) throws {
        piece.append(contentsOf: try CanonicalJSON.encode(row))
        try endLine()
    }

    private mutating func endLine() throws {
        piece.append(UInt8(ascii: "\n"))
        if piece.count >= Self.pieceSize { try finish() }
    }

    /// Writes what is gathered.
    mutating func finish() throws {
        try Console.write(piece)
        piece.removeAll(keepingCapacity: true)
    }
}

/// The rows of an artifact that a condition picks.
struct ChosenRows {
    private let reader: RowReader
    private let lookup: RowLookup
    private let condition: RowCondition?
    /// Frames are read one after the other, so that what nobody wants is not read; about one frame's rows of 1 KB.
    private static let batch = 1000

    /// - Throws: `CommandError.notRows` for raw bytes.
    init(of listing: ArtifactListing, in store: ArtifactStore, where condition: RowCondition?) throws {
        guard !listing.reference.isBlob else { throw CommandError.notRows(listing.name) }
        reader = try store.rowReader(listing.reference)
        lookup = try store.rowLookup(listing.reference, fields: [])
        self.condition = condition
    }

    /// Every row that fits, in order; the artifact is verified at the end.
    func forEach(_ body: (_ position: Int, _ row: JSONValue) throws -> Void) throws {
        var position = 0
        try reader.forEach { row in
            if condition?.holds(for: row) ?? true { try body(position, row) }
            position += 1
        }
    }

    /// The first `count` rows that fit, reading little more than these.
    func first(_ count: Int) throws -> [JSONValue] {
        var found: [JSONValue] = []
        var start = 0
        while found.count < count, start < reader.count {
            let wanted = condition == nil ? count : Self.batch
            let end = min(reader.count, start + wanted)
            found += try reader.rows(start..<end).filter { condition?.holds(for: $0) ?? true }
            start = end
        }
        return Array(found.prefix(count))
    }

    /// The rows that `sample` picks among those that fit, in order.
    func picked(by sample: RowSample) throws -> [JSONValue] {
        var sample = sample
        if condition == nil {
            for position in 0..<reader.count { sample.offer(position) }
        } else {
            try forEach { position, _ in sample.offer(position) }
        }
        return try sample.positions.map { try lookup.row(at: $0).value }
    }
}
