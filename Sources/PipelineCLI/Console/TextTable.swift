/// Rows of words set in columns, for a fixed-width screen.
struct TextTable {
    enum Alignment: Sendable { case left, right }

    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// - Parameter columns: the alignment of each column; a heading, where there is one, is simply the first row.
    init(_ columns: [Alignment]) { alignments = columns }

    /// - Parameter cells: those of a row, or one alone, which runs on across the columns.
    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The rows as lines without trailing space, each column as wide as its widest cell (a cell alone in its row aside), two
    /// spaces between.
    ///
    /// - Parameter width: the last column is clipped so that no line is longer; nil for no limit.
    func lines(width limit: Int? = nil) -> [String] {
        let measured = rows.filter { $0.count > 1 || alignments.count == 1 }
        let widths = alignments.indices.map { column in
            measured.map { column < $0.count ? DisplayText.width($0[column]) : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                if column > 0 { line += "  " }
                let isLast = column == row.count - 1
                if isLast, alignments[column] == .left { line += cell; continue }
                line += DisplayText.pad(cell, to: widths[column], right: alignments[column] == .right)
            }
            while line.last == " " { line.removeLast() }
            return limit.map { DisplayText.clip(line, to: $0) } ?? line
        }
    }
}
