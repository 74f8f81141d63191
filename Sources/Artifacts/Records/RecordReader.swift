/// Reads the rows of an artifact as `R`, all of them in order or any range.
///
/// A whole read verifies the digest of the artifact; a range is guarded by the checksums of the frames it touches.
public struct RecordReader<R: Record> {
    public let reference: ArtifactReference
    private let file: RowFile

    init(path: String, reference: ArtifactReference) throws {
        self.reference = reference
        file = try RowFile(path: path)
    }

    public var count: Int { reference.rows }

    /// Hands over every row in order.
    ///
    /// A wrong digest shows only after the last row: what was made of the rows must be thrown away on any error.
    /// - Throws: `ArtifactError.badRow`, naming file and row, for a row that does not fit `R`; `.damagedFile` and
    ///   `.digestMismatch` for a file that is not what it was; whatever `body` throws.
    public func forEach(_ body: (R) throws -> Void) throws {
        try file.forEachLine(expecting: reference) { row, line in
            try body(RowDecoding.record(R.self, row: row, line: line, path: file.path))
        }
    }

    /// Every row.
    public func all() throws -> [R] {
        var rows: [R] = []
        rows.reserveCapacity(count)
        try forEach { rows.append($0) }
        return rows
    }

    /// The rows at the positions `range`, counted from 0, reading little else.
    /// - Throws: `ArtifactError.rowRangeOutside` for positions that the artifact does not have.
    public func rows(_ range: Range<Int>) throws -> [R] {
        var rows: [R] = []
        rows.reserveCapacity(range.count)
        try file.forEachLine(in: range) { row, line in
            rows.append(try RowDecoding.record(R.self, row: row, line: line, path: file.path))
        }
        return rows
    }
}

/// Reads the rows of an artifact of any schema as JSON.
public struct RowReader {
    public let reference: ArtifactReference
    let file: RowFile

    init(path: String, reference: ArtifactReference) throws {
        self.reference = reference
        file = try RowFile(path: path)
    }

    public var count: Int { reference.rows }

    /// Every row in order; see `RecordReader.forEach` for what is verified.
    public func forEach(_ body: (JSONValue) throws -> Void) throws {
        try file.forEachLine(expecting: reference) { row, line in
            try body(RowDecoding.value(row: row, line: line, path: file.path))
        }
    }

    /// Every row as the bytes of its canonical JSON, valid within the call, without the line feed.
    public func forEachLine(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try file.forEachLine(expecting: reference) { _, line in try body(line) }
    }

    /// The rows at the positions `range`, counted from 0.
    public func rows(_ range: Range<Int>) throws -> [JSONValue] {
        var rows: [JSONValue] = []
        try file.forEachLine(in: range) { row, line in
            rows.append(try RowDecoding.value(row: row, line: line, path: file.path))
        }
        return rows
    }
}

enum RowDecoding {
    /// `row` counts from 0 here and from 1 in errors, as text editors do.
    static func value(row: Int, line: UnsafeRawBufferPointer, path: String) throws -> JSONValue {
        do {
            return try CanonicalJSON.parse(line)
        } catch let cause as ArtifactError {
            throw ArtifactError.badRow(row: row + 1, file: path, cause: cause)
        }
    }

    static func record<R: Record>(
        _ type: R.Type, row: Int, line: UnsafeRawBufferPointer, path: String
    ) throws -> R {
        let value = try value(row: row, line: line, path: path)
        do {
            return try CanonicalJSON.decode(type, from: value)
        } catch let cause as ArtifactError {
            throw ArtifactError.badRow(row: row + 1, file: path, cause: cause)
        }
    }
}
