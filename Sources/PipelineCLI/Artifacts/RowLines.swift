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
