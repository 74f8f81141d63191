package import Artifacts
internal import Pipeline

/// The small numbers that one stage left of itself.
package struct StageFigures: Sendable {
    let stage: String
    let kind: String
    let summary: JSONValue

    package init(stage: String, kind: String, summary: JSONValue) {
        self.stage = stage
        self.kind = kind
        self.summary = summary
    }

    init(_ report: StageReport) {
        self.init(stage: report.stage, kind: report.kind.rawValue, summary: report.summary)
    }

    /// What it measured, by name.
    var measurements: [String: JSONValue]? { summary["measurements"]?.objectValue }

    /// The part that the stage stands in, the name up to its last dot: `base.m2` of `base.m2.pairs`; nil where it has
    /// none.
    var part: String? { stage.lastIndex(of: ".").map { String(stage[..<$0]) } }

    /// Whether it stands in a part of one of these names, or in the part that measures such a one: `benchmarks.m2`.
    func isPart(of names: [String]) -> Bool { names.contains { part == $0 || part == "benchmarks.\($0)" } }
}

/// The stages of one model: how its data were made, how it was trained, how well it judges.
struct ModelFigures {
    private let stages: [StageFigures]

    init(_ stages: [StageFigures]) { self.stages = stages }

    /// The number at `path` of the group's stage of `kind`.
    func number(_ kind: String, _ path: String...) -> Double? { value(kind, path)?.doubleValue }

    /// The number at `path` of the stage of `kind` that stands directly behind the group's training.
    func numberAfterTraining(_ kind: String, _ path: String...) -> Double? {
        guard let training = stages.firstIndex(where: { SummaryTable.trainingKinds.contains($0.kind) }) else {
            return nil
        }
        return Self.value(stages[(training + 1)...].first { $0.kind == kind }, path)?.doubleValue
    }

    /// The measurement of this name of any of the group's stages of `kind`.
    func measurement(_ kind: String, _ name: String) -> JSONValue? {
        stages.lazy.filter { $0.kind == kind }.compactMap { $0.summary["measurements"]?[name] }.first
    }

    func object(_ kind: String, _ path: String...) -> [String: JSONValue]? { value(kind, path)?.objectValue }

    /// How many of the group's stages are of `kind`.
    func count(_ kind: String) -> Int { stages.count { $0.kind == kind } }

    /// The stages whose measurements the summary has rows for: the first of each kind, and of benchmarks each that brings
    /// a new one.
    var measuredStages: [String] {
        var kinds: Set<String> = [], benchmarks: Set<String> = []
        return stages.filter { stage in
            guard let measured = stage.measurements else { return false }
            switch stage.kind {
            case "evaluate-judge", "check-answers", "mt-bench-judge": return kinds.insert(stage.kind).inserted
            case "evaluate-benchmarks":
                defer { benchmarks.formUnion(measured.keys) }
                return !benchmarks.isSuperset(of: measured.keys)
            default: return false
            }
        }.map(\.stage)
    }

    private func value(_ kind: String, _ path: [String]) -> JSONValue? {
        Self.value(stages.first { $0.kind == kind }, path)
    }

    private static func value(_ stage: StageFigures?, _ path: [String]) -> JSONValue? {
        path.reduce(stage?.summary) { $0?[$1] }
    }

    /// The stages that made the model's data.
    var beforeTraining: ModelFigures {
        ModelFigures(Array(stages.prefix { !SummaryTable.trainingKinds.contains($0.kind) }))
    }

    /// The kind of stage that trained the model.
    var training: String? { stages.first { SummaryTable.trainingKinds.contains($0.kind) }?.kind }
}
