internal import Foundation

/// A table as comma-separated values (RFC 4180): a heading, then a fact a row.
package enum TableFile {
    package static func text(_ table: ReportTable) -> String {
        let rows = [table.columns.map(quoted)] + table.rows.map { $0.map(text) }
        return rows.map { $0.joined(separator: ",") + "\r\n" }.joined()
    }

    private static func text(_ cell: ReportTable.Cell) -> String {
        switch cell {
        case .text(let text): quoted(text)
        case .count(let count): String(count)
        // The shortest digits that read back the same.
        case .number(let number): "\(number)"
        case .absent: ""
        }
    }

    /// `text` in quotation marks where it needs them. A spreadsheet takes what begins like a formula for one, and what a
    /// model wrote shall not be computed: an apostrophe before it makes it a text.
    package static func quoted(_ text: String) -> String {
        let isFormula = text.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
        let safe = isFormula ? "'" + text : text
        // By scalars: a carriage return with a line feed is one character to Swift, and so is a quotation mark with an accent.
        guard safe.unicodeScalars.contains(where: { ",\"\n\r".unicodeScalars.contains($0) }) else { return safe }
        let doubled = safe.unicodeScalars.flatMap { $0 == "\"" ? [$0, $0] : [$0] }
        return "\"" + String(String.UnicodeScalarView(doubled)) + "\""
    }

    /// A file a table.
    static func write(_ tables: [ReportTable], in folder: URL) throws {
        for table in tables {
            try Data(text(table).utf8).write(to: folder.appending(path: table.name + ".csv"))
        }
    }
}
