internal import Artifacts
internal import Foundation

/// The rows of a file in either form in which evaluation data are given out: one JSON list, or JSON lines.
enum JSONRows {
    /// Reads a plain, gzip or zstd file. A file that begins with `[` is a list.
    /// - Parameter name: what errors call the file.
    /// - Throws: `StageError` with the file, and the line or item, for what is no JSON; and for a row that is no object.
    static func read(_ file: URL, name: String) throws -> [RowReader] {
        let text = try CompressedText.read(file, name: name)
        let rows =
            try list(in: text, name: name)
            ?? JSONLineReader.lines(in: text, name: name).map {
                RowReader(value: $0.value, file: name, line: $0.number)
            }
        for row in rows {
            guard case .object = row.value else { throw row.failure("is \(row.value.typeName), not an object") }
        }
        return rows
    }

    /// Nil where the text is no list.
    private static func list(in text: [UInt8], name: String) throws -> [RowReader]? {
        let content = JSONLineReader.withoutMark(text).drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard content.first == UInt8(ascii: "[") else { return nil }
        let value: JSONValue
        do {
            value = try CanonicalJSON.parse(content)
        } catch {
            throw StageError.unreadable(file: name, problem: "begins like a JSON list and is none: \(error)")
        }
        return (value.arrayValue ?? []).enumerated().map { index, value in
            RowReader(value: value, file: name, line: index + 1, isItem: true)
        }
    }
}
