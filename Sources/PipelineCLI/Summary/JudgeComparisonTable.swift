internal import Artifacts

/// What `compare-judges` found: the change from each judge to the next, and what each has over the ones it is held against.
package struct JudgeComparisonTable: Sendable {
    package let lines: [String]

    package init(_ figures: [StageFigures]) {
        lines = figures.filter { $0.kind == "compare-judges" }.flatMap { stage -> [String] in
            let against = Self.names(stage.summary["against"])
            let pairs = (stage.summary["comparisons"]?.arrayValue ?? []).compactMap { pair -> Pair? in
                guard let first = pair["first"]?.stringValue, let second = pair["second"]?.stringValue else {
                    return nil
                }
                return Pair(first: first, second: second)
            }
            let measurements = stage.summary["measurements"]?.objectValue ?? [:]
            let changes = Self.table(
                "\(stage.stage): change from judge to judge on the same rankings [95 % interval] p",
                pairs.filter { !against.contains($0.first) }, measurements)
            return changes
                + against.flatMap { other in
                    Self.table(
                        "\(stage.stage): judges over \(other) on the same rankings [95 % interval] p",
                        pairs.filter { $0.first == other }, measurements)
                }
        }
    }

    private struct Pair {
        let first: String
        let second: String
        var name: String { "\(first)..\(second)" }
    }

    private static let rows = [
        ("pairwise accuracy", "pairwise_accuracy"), ("the same, ties as half", "pairwise_accuracy_tie_half"),
        ("5-best", "five_best"), ("exact match", "exact_match"), ("Spearman", "spearman"),
        ("Kendall τ-b", "kendall_tau_b"), ("Pearson", "pearson"),
        ("both judges' scores: τ-b", "agreement_kendall_tau_b"),
        ("both judges' scores: same whole score", "agreement_exact"),
    ]

    private static func table(
        _ title: String, _ pairs: [Pair], _ measurements: [String: JSONValue]
    ) -> [String] {
        guard !pairs.isEmpty else { return [] }
        var table = TextTable([.left] + pairs.map { _ in .right })
        table.add([title])
        table.add([""] + pairs.map { "\($0.first) → \($0.second)" })
        for (label, metric) in rows {
            let cells = pairs.map { pair in cell("\(metric)/\(pair.name)", measurements) }
            guard cells.contains(where: { $0 != nil }) else { continue }
            table.add(["  " + label] + cells.map { $0 ?? SummaryTable.absent })
        }
        return [""] + table.lines()
    }

    /// `.03 [-.04 .10] p .41`; nil where there is no such number.
    private static func cell(_ name: String, _ measurements: [String: JSONValue]) -> String? {
        guard let measurement = measurements[name], measurement["value"]?.doubleValue != nil else { return nil }
        let value = SummaryRow.estimate(measurement)
        guard let p = measurements[name + "/p"]?["value"]?.doubleValue else { return value }
        return value + " p " + (p < 0.0005 ? "<.001" : SummaryRow.bare(p, digits: 3))
    }

    private static func names(_ value: JSONValue?) -> [String] { (value?.arrayValue ?? []).compactMap(\.stringValue) }
}
