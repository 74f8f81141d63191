/// A part of the page with a heading of its own.
struct ReportSection {
    /// What links name it by.
    var id: String
    var title: String
    var blocks: [ReportBlock]
}

/// What sections are made of.
enum ReportBlock {
    case text(Markup)
    /// Charts beside each other, as many as the page is wide.
    case figures([Figure])
    case table(PageTable)
    /// Shown when it is asked for, below a line that says what it is.
    case more(String, [ReportBlock])
}

/// A chart, what it shows in words, and its numbers as a table.
struct Figure {
    var title: String
    /// What can be seen, for those who cannot see it.
    var description: String
    /// What the drawing alone does not tell.
    var note: String?
    var drawing: Drawing
    var table: PageTable
    var size = Size.tile

    enum Size: String {
        case tile
        /// As wide as the page, as far as that helps.
        case full
        /// Never smaller than it is drawn, but moved sideways.
        case wide
    }
}

/// A table as the page shows it.
struct PageTable {
    var caption: String
    var headings: [String]
    /// Columns of numbers, which stand at the right.
    var numeric: Set<Int>
    var rows: [[Markup]]

    init(caption: String, headings: [String], numeric: Set<Int> = [], rows: [[Markup]]) {
        self.caption = caption
        self.headings = headings
        self.numeric = numeric
        self.rows = rows
    }

    /// - Parameter columns: those to show, and what they are called; all of them without.
    init(_ table: ReportTable, columns: [(name: String, heading: String)]? = nil) {
        let shown = columns ?? table.columns.map { ($0, $0.replacing("_", with: " ")) }
        let places = shown.compactMap { table.columns.firstIndex(of: $0.name) }
        caption = table.caption
        headings = shown.map(\.heading)
        numeric = Set(
            places.indices.filter { column in table.rows.allSatisfy { $0[places[column]].isNumber } })
        rows = table.rows.map { row in places.map { "\(row[$0].words)" } }
    }
}

/// Writes blocks as XHTML, and numbers the figures.
struct BlockWriter {
    private var figures = 0
    private var tables = 0

    mutating func markup(_ blocks: [ReportBlock]) -> Markup { Markup(blocks.map { markup($0) }) }

    private mutating func markup(_ block: ReportBlock) -> Markup {
        switch block {
        case .text(let text): return text
        case .figures(let figures):
            return figures.isEmpty ? "" : "<div class=\"tiles\">\(figures.map { figure($0) })</div>\n"
        case .table(let table): return self.table(table)
        case .more(let title, let blocks):
            return "<details class=\"more\"><summary>\(title)</summary>\(markup(blocks))</details>\n"
        }
    }

    private mutating func figure(_ figure: Figure) -> Markup {
        figures += 1
        let id = "figure-\(figures)"
        let drawing = figure.drawing
        let size: Markup =
            figure.size == .wide
            ? " width=\"\(drawing.width)\" height=\"\(drawing.height)\" style=\"--size:\(drawing.width)px\"" : ""
        let picture: Markup =
            """
            <svg viewBox="0 0 \(drawing.width) \(drawing.height)"\(size) role="img" aria-labelledby="\(id)-title" \
            aria-describedby="\(id)-desc"><title id="\(id)-title">\(figure.title)</title><desc \
            id="\(id)-desc">\(figure.description)</desc>\(drawing.body)</svg>
            """
        let framed: Markup =
            figure.size == .wide
            ? """
            <div class="scroll" tabindex="0" role="group" aria-label="\(figure.title), can be moved \
            sideways">\(picture)</div>
            """
            : picture
        let note: Markup = figure.note.map { "<p class=\"note\">\($0)</p>" } ?? ""
        return
            """
            <figure id="\(id)" class="\(figure.size.rawValue)"><figcaption>\(figure.title)</figcaption>\
            \(framed)\(note)<details class="data"><summary>Numbers<span \
            class="unseen"> of \(figure.title)</span></summary>\(table(figure.table))</details>\
            </figure>\n
            """
    }

    private mutating func table(_ table: PageTable) -> Markup {
        tables += 1
        func role(_ column: Int) -> Markup { table.numeric.contains(column) ? " class=\"number\"" : "" }
        let headings = Markup(
            table.headings.enumerated().map { "<th scope=\"col\"\(role($0.offset))>\($0.element)</th>" })
        let rows = table.rows.map { row -> Markup in
            let cells = row.enumerated().map { column, cell -> Markup in
                column == 0 ? "<th scope=\"row\">\(cell)</th>" : "<td\(role(column))>\(cell)</td>"
            }
            return "<tr>\(cells)</tr>\n"
        }
        return
            """
            <div class="scroll" tabindex="0" role="group" aria-labelledby="table-\(tables)"><table><caption \
            id="table-\(tables)"><span>\(table.caption)</span></caption><thead><tr>\(headings)</tr></thead><tbody>\
            \(rows)</tbody></table></div>\n
            """
    }
}
