internal import Artifacts

/// What stages measured that has no place in a model's column: comparisons of two models, and whatever stands in no model's
/// part.
package struct MeasuredElsewhere: Sendable {
    package let lines: [String]

    /// Those of `compare-judges` have a table of their own.
    private static let shown: Set<String> = ["compare-judges"]

    /// - Parameter measured: stages whose measurements stand in the summary's columns.
    package init(_ figures: [StageFigures], beside measured: Set<String>) {
        let rest = figures.filter {
            $0.measurements?.isEmpty == false && !measured.contains($0.stage) && !Self.shown.contains($0.kind)
        }
        let contests = rest.filter { SummaryRow.contestKinds.contains($0.kind) }
        let others = rest.filter { !SummaryRow.contestKinds.contains($0.kind) }
        lines = Self.table(contests) + Self.list(others)
    }

    /// A line a comparison, under the name of its stage, which tells whom it is of.
    private static func table(_ contests: [StageFigures]) -> [String] {
        guard !contests.isEmpty else { return [] }
        var table = TextTable([.left, .right, .right])
        table.add(["win rates, ties as half: value [95 % interval] count", "as judged", "at equal lengths"])
        for stage in contests {
            func cell(_ name: String) -> String {
                stage.measurements?[name].map(SummaryRow.value) ?? SummaryTable.absent
            }
            table.add(["  " + stage.stage, cell("win_rate"), cell("length_controlled_minimal")])
        }
        return [""] + table.lines()
    }

    private static func list(_ stages: [StageFigures]) -> [String] {
        guard !stages.isEmpty else { return [] }
        return ["", "measured besides ('artifacts show STAGE.measurements')"]
            + stages.map { stage in
                let count = Quantities.count(stage.measurements?.count ?? 0, "measurement")
                return "  \(stage.stage) (\(stage.kind)): \(count)"
            }
    }
}
