internal import Artifacts
internal import Pipeline

/// What each filter of a run kept and dropped, and why: a line a filter.
struct FilterLines {
    let lines: [String]

    init(_ figures: [StageFigures]) {
        lines = figures.flatMap { stage -> [String] in
            guard let members = stage.summary.objectValue else { return [] }
            return members.keys.sorted().compactMap { name in
                Self.line(stage, name, members[name] ?? .null)
            }
        }
    }

    /// Nil for a number of the stage that is no report of a filter.
    private static func line(_ stage: StageFigures, _ name: String, _ report: JSONValue) -> String? {
        guard let kept = report["kept"].flatMap(counts), let dropped = report["dropped"].flatMap(counts) else {
            return nil
        }
        let total = (kept + dropped).reduce(0) { $0 + $1.count }
        guard total > 0 else { return nil }
        let label = name == "filter" ? stage.stage : "\(stage.stage) (\(name))"
        let reasons = dropped.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
        return "  \(label): kept \(kept.reduce(0) { $0 + $1.count }) of \(total)"
            + (reasons.isEmpty ? "" : "; dropped \(reasons)")
    }

    /// The commonest reason first.
    private static func counts(_ value: JSONValue) -> [(reason: String, count: Int)]? {
        value.objectValue?.map { (reason: $0.key, count: Int($0.value.integerValue ?? 0)) }
            .sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
    }
}
