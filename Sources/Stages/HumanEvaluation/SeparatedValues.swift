/// A table as spreadsheets save it (RFC 4180): fields apart by comma, semicolon or tab, whichever its first line has most
/// of; a field in quotes may hold all of these and line breaks, and a quote twice.
struct SeparatedValues: Equatable, Sendable {
    struct Row: Equatable, Sendable {
        let fields: [String]
        /// Where it begins, from 1.
        let line: Int
    }

    let header: [String]
    /// Rows that are not empty.
    let rows: [Row]

    /// - Throws: `StageError.malformedLine` for quotes that do not close, or a row with another number of fields.
    init(_ bytes: [UInt8], name: String) throws {
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        guard let text = String(validating: content, as: UTF8.self) else {
            throw StageError.unreadable(file: name, problem: "is not UTF-8 text; save it as CSV in UTF-8")
        }
        let firstLine = text.unicodeScalars.prefix { $0 != "\n" && $0 != "\r" }
        let separators: [Unicode.Scalar] = [",", ";", "\t"]
        let separator =
            separators.map { mark in (mark, firstLine.count { $0 == mark }) }
            .reduce((separators[0], 0)) { $1.1 > $0.1 ? $1 : $0 }.0
        var reader = Reader(text.unicodeScalars, separator: separator, name: name)
        var all = try reader.rows()
        guard !all.isEmpty else { throw StageError.unreadable(file: name, problem: "is empty") }
        header = all.removeFirst().fields
        for row in all where row.fields.count != header.count {
            throw StageError.malformedLine(
                file: name, line: row.line,
                problem: "has \(row.fields.count) fields, and the first line has \(header.count)")
        }
        rows = all
    }

    private struct Reader {
        private var rest: Substring.UnicodeScalarView
        private let separator: Unicode.Scalar
        private let name: String
        private var line = 1

        init(_ text: String.UnicodeScalarView, separator: Unicode.Scalar, name: String) {
            rest = text[...]
            self.separator = separator
            self.name = name
        }

        mutating func rows() throws -> [Row] {
            var rows: [Row] = []
            while !rest.isEmpty {
                let start = line
                let fields = try row()
                if fields.contains(where: { !$0.isEmpty }) { rows.append(Row(fields: fields, line: start)) }
            }
            return rows
        }

        private mutating func row() throws -> [String] {
            var fields: [String] = []
            while true {
                fields.append(try rest.first == "\"" ? quoted() : plain())
                guard let end = rest.popFirst() else { return fields }
                if end == separator { continue }
                if end == "\r", rest.first == "\n" { rest.removeFirst() }
                line += 1
                return fields
            }
        }

        private mutating func plain() -> String {
            let field = rest.prefix { $0 != separator && $0 != "\n" && $0 != "\r" }
            rest = rest[field.endIndex...]
            return String(field)
        }

        private mutating func quoted() throws -> String {
            let start = line
            var field = String.UnicodeScalarView()
            rest.removeFirst()
            while let scalar = rest.popFirst() {
                if scalar == "\n" { line += 1 }
                guard scalar == "\"" else {
                    field.append(scalar)
                    continue
                }
                guard rest.first != "\"" else {
                    field.append(rest.removeFirst())
                    continue
                }
                if let next = rest.first, next != separator, next != "\n", next != "\r" {
                    throw StageError.malformedLine(
                        file: name, line: line,
                        problem: "has text behind a closing quote; write a quote in a field twice")
                }
                return String(field)
            }
            throw StageError.malformedLine(file: name, line: start, problem: "opens a quote that nothing closes")
        }
    }
}
