package import Artifacts
package import Foundation

/// The JSON values of a file, one a line, with the line each stands on.
package enum JSONLineReader {
    package struct Line {
        package let value: JSONValue
        /// From 1.
        package let number: Int
    }

    /// U+FEFF in UTF-8, which editors and exports of some systems put before the first line.
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Reads the lines of a plain, gzip or zstd file. Empty lines are passed over, and so is a byte order mark.
    /// - Parameter name: what errors call the file.
    /// - Throws: `StageError.malformedLine` for a line that is not one JSON value in UTF-8.
    package static func read(_ file: URL, name: String) throws -> [Line] {
        try lines(in: CompressedText.read(file, name: name), name: name)
    }

    /// The text behind a byte order mark, if there is one.
    static func withoutMark(_ text: [UInt8]) -> ArraySlice<UInt8> {
        text.starts(with: byteOrderMark) ? text[byteOrderMark.count...] : text[...]
    }

    static func lines(in text: [UInt8], name: String) throws -> [Line] {
        let bytes = withoutMark(text)
        var lines: [Line] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            do {
                lines.append(Line(value: try CanonicalJSON.parse(line), number: index + 1))
            } catch {
                throw StageError.malformedLine(file: name, line: index + 1, problem: "\(error)")
            }
        }
        return lines
    }
}

/// The members of one row, read with the types the row's form asks for.
struct RowReader {
    let value: JSONValue
    let file: String
    let line: Int
    /// Whether the row is an item of a list, whose number `line` then is.
    var isItem = false

    /// Where it stands in its file, for people.
    var place: String { isItem ? "item \(line)" : "line \(line)" }

    func failure(_ problem: String) -> StageError {
        isItem
            ? .malformedItem(file: file, item: line, problem: problem)
            : .malformedLine(file: file, line: line, problem: problem)
    }

    /// A member that is an object, or an item of a list, to be read in turn.
    func inner(_ value: JSONValue) -> RowReader { RowReader(value: value, file: file, line: line, isItem: isItem) }

    func string(_ key: String) throws -> String {
        guard let text = try optionalString(key) else { throw failure("'\(key)' is missing") }
        return text
    }

    /// Nil where the member is absent or null.
    func optionalString(_ key: String) throws -> String? {
        try member(key, "a string") { $0.stringValue }
    }

    func optionalBool(_ key: String) throws -> Bool? {
        try member(key, "true or false") { $0.boolValue }
    }

    /// A whole number, also one written with a point, as exports through columns of doubles are.
    func optionalInteger(_ key: String) throws -> Int? {
        try member(key, "a whole number") { value in
            switch value {
            case .integer(let integer): Int(exactly: integer)
            case .number(let number): Int(exactly: number)
            default: nil
            }
        }
    }

    func array(_ key: String) throws -> [JSONValue] {
        try member(key, "an array") { $0.arrayValue } ?? []
    }

    private func member<T>(_ key: String, _ form: String, _ read: (JSONValue) -> T?) throws -> T? {
        guard let member = value[key], member != .null else { return nil }
        guard let result = read(member) else {
            throw failure("'\(key)' must be \(form), not \(member.typeName)")
        }
        return result
    }
}
