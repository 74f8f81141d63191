import CKernels

/// How a product by panels is cut into tasks: blocks of rows by groups of panels. No element depends on it.
struct PanelParts {
    let rows: Int
    let columns: Int
    /// A block of rows, its sums and a group of panels stay in the second cache.
    var rowBlock = Self.rowBlock
    /// The fewest panels of a part.
    var panelGroup = 1

    static let rowBlock = 128

    /// Calls `body` with the first row, the rows, the first column and the columns of each part.
    func forEach(
        on pool: WorkerPool, _ body: (_ row: Int, _ rows: Int, _ column: Int, _ columns: Int) -> Void
    ) {
        // Few rows are cut by panels alone.
        let panel = Int(kernel_panel_columns), panels = (columns + panel - 1) / panel
        let group = min(9, max(panelGroup, panels / 16)), width = group * panel
        let blocks = (rows + rowBlock - 1) / rowBlock, groups = (panels + group - 1) / group
        pool.run(blocks * groups) { index in
            let row = index % blocks * rowBlock, column = index / blocks * width
            body(row, min(rowBlock, rows - row), column, min(width, columns - column))
        }
    }
}
