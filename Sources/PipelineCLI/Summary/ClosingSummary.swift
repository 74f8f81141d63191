internal import Artifacts
internal import Pipeline

/// What a run says at its end.
struct ClosingSummary {
    let report: RunReport
    let file: String
    let storeOptions: StoreOptions

    /// `28 stages: 20 cached, 8 ran, 0 failed, 0 skipped · 12m03s · run 2024-01-18T10-11-12Z`
    var countLine: String {
        let counts = report.counts
        return "\(Quantities.count(counts.total, "stage")): \(counts.cached) cached, \(counts.ran) ran, "
            + "\(counts.failed) failed, \(counts.skipped) skipped"
            + " · \(Quantities.duration(report.seconds)) · run \(report.run)"
    }

    var lines: [String] {
        var lines = [countLine]
        for stage in report.stages {
            guard case .failed(let message) = stage.outcome else { continue }
            lines.append("  stage '\(stage.stage)' failed: \(DisplayText.harmless(message))")
        }
        let figures = report.stages.map { StageFigures($0) }
        let table = SummaryTable(figures), filters = FilterLines(figures).lines
        if !table.isEmpty { lines += [""] + table.lines }
        if !filters.isEmpty { lines += ["", "filters"] + filters }
        return lines + [""] + hints
    }

    private var hints: [String] {
        if report.wasInterrupted {
            return ["interrupted in good order; 'pipeline run \(file)\(storeOptions.suffix)' carries on from here"]
        }
        if report.hasFailures {
            return [
                "what finished is kept; once the cause is gone, 'pipeline run \(file)\(storeOptions.suffix)' "
                    + "runs the rest"
            ]
        }
        var hints = [
            "results are in '\(storeOptions.path)'; list them: pipeline artifacts ls\(storeOptions.suffix)"
        ]
        if let shown = interesting {
            hints.append("read one: pipeline artifacts show \(shown)\(storeOptions.suffix)")
        }
        return hints
    }

    /// The artifact people look at first: the newest preference pairs, or else the last result with rows.
    private var interesting: String? {
        let pairs = report.stages.last { $0.kind.rawValue == "pair" && $0.outputs["pairs"] != nil }
        if let pairs { return "\(pairs.stage).pairs" }
        for stage in report.stages.reversed() {
            let ports = stage.outputs.filter { $0.value.rows > 0 }.keys.sorted()
            if let port = ports.first { return "\(stage.stage).\(port)" }
        }
        return nil
    }
}
