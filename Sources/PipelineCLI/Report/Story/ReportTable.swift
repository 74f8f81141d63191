package import Artifacts

/// Numbers of a report as a table with one fact a row: what the page shows, and what CSV and JSON hold.
package struct ReportTable: Sendable {
    package enum Cell: Sendable, Equatable {
        case text(String)
        case count(Int)
        case number(Double)
        case absent

        package init(_ text: String?) { self = text.map { .text($0) } ?? .absent }
        package init(_ number: Double?) { self = number.map { $0.isFinite ? .number($0) : .absent } ?? .absent }
        package init(_ count: Int?) { self = count.map { .count($0) } ?? .absent }
    }

    /// In the names of files and members: `measurements`.
    package let name: String
    /// What it shows, for people.
    package let caption: String
    package let columns: [String]
    package let rows: [[Cell]]

    package init(_ name: String, caption: String, columns: [String], rows: [[Cell]]) {
        precondition(
            rows.allSatisfy { $0.count == columns.count }, "table '\(name)': a row has not \(columns.count) cells")
        self.name = name
        self.caption = caption
        self.columns = columns
        self.rows = rows
    }

    /// An object a row.
    package var json: JSONValue {
        .array(
            rows.map { row in .object(Dictionary(zip(columns, row.map(\.json))) { first, _ in first }) })
    }
}

extension ReportTable.Cell {
    var json: JSONValue {
        switch self {
        case .text(let text): .string(text)
        case .count(let count): .integer(Int64(count))
        case .number(let number): .number(number)
        case .absent: .null
        }
    }

    /// As a page shows it.
    var words: String {
        switch self {
        case .text(let text): text
        case .count(let count): Numerals.count(count)
        case .number(let number): Numerals.value(number)
        case .absent: Numerals.absent
        }
    }

    var isNumber: Bool {
        switch self {
        case .text: false
        case .count, .number, .absent: true
        }
    }
}
