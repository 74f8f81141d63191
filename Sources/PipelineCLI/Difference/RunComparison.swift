internal import Artifacts
internal import Pipeline

/// One model of each of several runs: the figures of the closing table, a column a run, or a line a run.
struct RunComparison {
    /// More runs than this get a line each: columns would run off a screen.
    static let mostColumns = 4

    private let columns: [Column]

    private struct Column {
        var run: RunFigures
        /// The model whose figures are shown, and its place in the run's table; nil for a run that trained none.
        var model: (name: String, position: Int)?
        var label: String
    }

    /// - Parameter model: the model to show of each run; nil for the last one it trained.
    /// - Throws: `CommandError.noModelInRun`.
    init(_ runs: [RunFigures], model: String?) throws {
        columns = try runs.enumerated().map { position, run in
            let models = run.table.models
            if let model, !models.contains(model) {
                throw CommandError.noModelInRun(model, run: run.run.id, hint: NameHint(for: model, among: models))
            }
            let chosen = models.lastIndex { model == nil || $0 == model }
            // Runs that were asked for the same are told apart by their ids, those of several pipelines by these.
            let isAlone = runs.count { $0.label == run.label } == 1
            let isOfMany = Set(runs.map(\.run.pipeline)).count > 1 && run.label != run.run.pipeline
            let label = isOfMany ? "\(run.run.pipeline): \(run.label)" : run.label
            return Column(run: run, model: chosen.map { (models[$0], $0) }, label: isAlone ? label : run.run.id)
        }
    }

    /// - Parameter transposed: a line a run, also of few.
    func lines(transposed: Bool) -> [String] {
        transposed || columns.count > Self.mostColumns ? linesOfRuns : linesOfFigures
    }

    /// A block for each section, and in it a line a run. Intervals and counts are left out.
    private var linesOfRuns: [String] {
        var lines = block(
            headings: ["model", "stages", "shared", "reused", "anew"],
            columns.map { column in
                [
                    column.model?.name ?? SummaryTable.absent, String(column.run.run.stages.count),
                    columns.first.map { String(column.run.shared(with: $0.run)) } ?? "",
                    String(column.run.count("cached")), String(column.run.count("ran")),
                ]
            }, indent: "")
        for (title, rows) in SummaryRow.sections {
            let shown = rows.filter { row in columns.contains { brief(row, in: title, $0) != SummaryTable.absent } }
            if shown.isEmpty { continue }
            lines.append(String(title.prefix { $0 != ":" }))
            lines += block(
                headings: shown.map(\.heading),
                columns.map { column in shown.map { brief($0, in: title, column) } }, indent: "  ")
        }
        return lines
    }

    private func brief(_ row: SummaryRow, in title: String, _ column: Column) -> String {
        cell(row.label, in: title, column).map(row.brief) ?? SummaryTable.absent
    }

    private func block(headings: [String], _ cells: [[String]], indent: String) -> [String] {
        var table = TextTable([.left] + headings.map { _ in .right })
        table.add([""] + headings)
        for (column, row) in zip(columns, cells) { table.add([indent + column.label] + row) }
        return table.lines()
    }

    private var linesOfFigures: [String] {
        var table = TextTable([.left] + columns.map { _ in .right })
        table.add([""] + columns.map(\.label))
        for row in runRows { table.add([row.label] + row.cells) }
        for section in sections {
            table.add([section.title])
            for row in section.rows { table.add(["  " + row.label] + row.cells) }
        }
        return table.lines()
    }

    /// What the runs share: a stage that the first run has too is the same result, computed once.
    private var runRows: [SummaryTable.Row] {
        let first = columns.first?.run
        return [
            .init(label: "model", cells: columns.map { $0.model?.name ?? SummaryTable.absent }),
            .init(label: "stages", cells: columns.map { String($0.run.run.stages.count) }),
            .init(
                label: "of these also the first run's",
                cells: columns.map { column in first.map { String(column.run.shared(with: $0)) } ?? "" }),
            .init(
                label: "reused when it ran, run anew",
                cells: columns.map { "\($0.run.count("cached")), \($0.run.count("ran"))" }),
        ]
    }

    /// The lines that any of the models has, in the order of the closing table.
    private var sections: [SummaryTable.Section] {
        SummaryRow.sections.compactMap { title, rows in
            let filled = rows.map(\.label).map { label in
                SummaryTable.Row(
                    label: label, cells: columns.map { cell(label, in: title, $0) ?? SummaryTable.absent })
            }.filter { row in row.cells.contains { $0 != SummaryTable.absent } }
            return filled.isEmpty ? nil : SummaryTable.Section(title: title, rows: filled)
        }
    }

    private func cell(_ label: String, in title: String, _ column: Column) -> String? {
        guard let model = column.model else { return nil }
        let section = column.run.table.sections.first { $0.title == title }
        return section?.rows.first { $0.label == label }?.cells[model.position]
    }

    var json: JSONValue {
        [
            "schema": "pipeline.comparison/1",
            "runs": .array(
                columns.map { column in
                    [
                        "run": .string(column.run.run.id), "label": .string(column.label),
                        "model": column.model.map { .string($0.name) } ?? .null,
                        "stages": [
                            "total": .integer(Int64(column.run.run.stages.count)),
                            "cached": .integer(Int64(column.run.count("cached"))),
                            "ran": .integer(Int64(column.run.count("ran"))),
                            "shared": .integer(Int64(columns.first.map { column.run.shared(with: $0.run) } ?? 0)),
                        ],
                        "figures": .array(
                            column.run.stages.map {
                                ["name": .string($0.stage), "stage": .string($0.kind), "summary": $0.summary]
                            }),
                    ]
                }),
        ]
    }
}
