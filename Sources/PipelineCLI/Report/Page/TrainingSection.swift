/// What the trainings logged, by TRL's names: one chart a metric, one line a model.
struct TrainingSection {
    var story: RunStory

    /// Metrics that share a chart: the second ones are dashed.
    private static let charts: [(title: String, metrics: [String], reference: (Double, String)?)] = [
        ("loss", ["loss"], nil),
        ("rewards/margins", ["rewards/margins"], nil),
        ("rewards/accuracies", ["rewards/accuracies"], (0.5, "as often wrong as right")),
        ("rewards/chosen and, dashed, rewards/rejected", ["rewards/chosen", "rewards/rejected"], nil),
        (
            "logps/chosen_per_token and, dashed, rejected", ["logps/chosen_per_token", "logps/rejected_per_token"],
            nil
        ),
        ("mean_token_accuracy", ["mean_token_accuracy"], nil),
    ]

    var section: ReportSection? {
        guard !story.curves.isEmpty else { return nil }
        var kinds: [String] = []
        for curve in story.curves where !kinds.contains(curve.kind) { kinds.append(curve.kind) }
        var blocks: [ReportBlock] = []
        for kind in kinds {
            let curves = story.curves.filter { $0.kind == kind }
            let shown = Self.charts.compactMap { figure($0.title, $0.metrics, $0.reference, curves, kind) }
            let named = Set(Self.charts.flatMap(\.metrics))
            let rest = Set(curves.flatMap(\.metrics.keys)).subtracting(named).sorted()
            blocks.append(.text("<h3>\(Self.words(kind))</h3>"))
            blocks.append(.figures(shown))
            let others = rest.compactMap { figure($0, [$0], nil, curves, kind) }
            if !others.isEmpty { blocks.append(.more("\(others.count) more metrics", [.figures(others)])) }
        }
        return ReportSection(id: "training", title: "Training", blocks: blocks)
    }

    private static func words(_ kind: String) -> String {
        switch kind {
        case "sft": "Supervised fine-tuning (sft)"
        case "dpo": "Preference training (dpo)"
        default: kind
        }
    }

    private func figure(
        _ title: String, _ metrics: [String], _ reference: (Double, String)?, _ curves: [TrainingCurves],
        _ kind: String
    ) -> Figure? {
        var lines: [CurveChart.Line] = [], rows: [[Markup]] = []
        for (number, curve) in curves.enumerated() {
            for (place, metric) in metrics.enumerated() {
                guard let points = curve.metrics[metric], let first = points.first else { continue }
                let label = story.label(curve.model) ?? curve.stage
                lines.append(.init(name: label, series: number, isDashed: place > 0, points: points))
                rows.append([
                    "\(label)", "\(metric)", "\(Numerals.count(points.count))", "\(Numerals.value(first.value))",
                    "\(Numerals.value(TrainingCurves.lastTenth(points)))",
                ])
            }
        }
        guard !lines.isEmpty else { return nil }
        let isSmoothed = lines.contains { $0.points.count > CurveChart.mostPoints }
        return Figure(
            title: title,
            description:
                """
                \(title) over the optimiser steps of \(kind), a line for each model; the table has where \
                each begins and ends.
                """,
            note: isSmoothed ? "Lines are means of neighbouring steps; the band is their range." : nil,
            drawing: CurveChart(lines: lines, reference: reference.map { (value: $0.0, words: $0.1) }).drawing,
            table: PageTable(
                caption: title, headings: ["model", "metric", "steps", "first step", "last tenth"],
                numeric: [2, 3, 4],
                rows: rows))
    }
}
