internal import Foundation

/// What several runs of one pipeline, with other seeds, came to: each measurement's mean and spread.
package struct SeedSpread: Sendable {
    package struct Row: Sendable {
        package var stage: String
        package var kind: String
        package var name: String
        /// Of the runs that have one, in their order.
        package var values: [Double]

        package init(stage: String, kind: String, name: String, values: [Double]) {
            self.stage = stage
            self.kind = kind
            self.name = name
            self.values = values
        }

        package var mean: Double { values.reduce(0, +) / Double(max(1, values.count)) }

        /// The standard deviation of the runs, with n − 1; nil for a single one.
        package var deviation: Double? {
            guard values.count > 1 else { return nil }
            let mean = self.mean
            return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
        }
    }

    var runs: [StoryRun]
    package var rows: [Row]

    /// - Throws: `CommandError.runsOfSeveralPipelines`.
    init(_ stories: [RunStory]) throws {
        runs = stories.map(\.run)
        if let first = runs.first, let other = runs.first(where: { $0.pipeline != first.pipeline }) {
            throw CommandError.runsOfSeveralPipelines(first.pipeline, other.pipeline)
        }
        var order: [String] = [], rows: [String: Row] = [:]
        for measurement in stories.flatMap(\.measurements) {
            let name = "\(measurement.stage)\n\(measurement.name)"
            if rows[name] == nil {
                order.append(name)
                rows[name] = Row(
                    stage: measurement.stage, kind: measurement.kind, name: measurement.name, values: [])
            }
            if let value = measurement.value { rows[name]?.values.append(value) }
        }
        self.rows = order.compactMap { rows[$0] }
    }

    /// Runs with the same seeds repeat each other: their spread says nothing.
    var hasRepeatedSeeds: Bool { Set(runs.map(\.seeds)).count < runs.count }

    var table: ReportTable {
        ReportTable(
            "spread", caption: "Mean and standard deviation over \(runs.count) runs",
            columns: ["stage", "kind", "name", "mean", "sd", "runs"] + runs.map(\.id),
            rows: rows.map { row in
                let values: [ReportTable.Cell] =
                    row.values.count == runs.count
                    ? row.values.map { .number($0) } : runs.map { _ in .absent }
                return [
                    .text(row.stage), .text(row.kind), .text(row.name),
                    row.values.isEmpty ? .absent : .init(row.mean), .init(row.deviation), .count(row.values.count),
                ] + values
            })
    }
}
