internal import Artifacts
internal import Foundation
internal import Pipeline

/// What a run says at its end.
struct ClosingSummary {
    let report: RunReport
    let storeOptions: StoreOptions
    var invocation = Invocation.current

    /// How many of the stages that took longest are named.
    private static let slowestShown = 3

    /// `28 stages: 20 cached, 8 ran, 0 failed, 0 skipped · 12m03s · run 2024-01-18T10-11-12Z`
    var countLine: String {
        let counts = report.counts
        return "\(Quantities.count(counts.total, "stage")): \(counts.cached) cached, \(counts.ran) ran, "
            + "\(counts.failed) failed, \(counts.skipped) skipped"
            + " · \(Quantities.duration(report.seconds)) · run \(report.run)"
    }

    var lines: [String] {
        var lines = [countLine] + costLines + failureLines
        let figures = report.stages.map { StageFigures($0) }
        let table = SummaryTable(figures), filters = FilterLines(figures).lines
        if !table.isEmpty { lines += [""] + table.lines }
        lines += JudgeComparisonTable(figures).lines
        lines += MeasuredElsewhere(figures, beside: table.measuredStages).lines
        if !filters.isEmpty { lines += ["", "filters"] + filters }
        return lines + [""] + hints
    }

    /// What each stage that failed said.
    var failureLines: [String] {
        report.stages.compactMap { stage in
            guard case .failed(let message) = stage.outcome else { return nil }
            return "  stage '\(stage.stage)' failed: \(DisplayText.harmless(message))"
        }
    }

    /// What took the time of this run, and how much memory it took: `slowest: m1 2m03s, … · peak memory 2.9 GB`.
    private var costLines: [String] {
        let ran = report.stages.filter { $0.outcome == .ran }.sorted {
            ($1.seconds, $0.stage) < ($0.seconds, $1.stage)
        }
        guard !ran.isEmpty else { return [] }
        let slowest = ran.prefix(Self.slowestShown).map { "\($0.stage) \(Quantities.duration($0.seconds))" }
        let memory = Self.peakMemory.map { " · peak memory \(Quantities.bytes($0))" } ?? ""
        return ["slowest: " + slowest.joined(separator: ", ") + memory]
    }

    /// The most memory that this process has had at once, in bytes; nil where the system does not tell.
    private static var peakMemory: Int? {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
        // Linux counts in units of 1024 bytes.
        return usage.ru_maxrss * 1024
    }

    /// What to do next.
    var hints: [String] {
        // A stage that was forced and finished need not run once more.
        let again = invocation.again(without: "--force")
        if report.wasInterrupted { return ["interrupted in good order; this carries on from here: \(again)"] }
        if report.hasFailures {
            return ["what finished is kept; once the cause is gone, this runs the rest: \(again)"]
        }
        let list = invocation.command(["artifacts", "ls"] + storeOptions.arguments)
        var hints = ["results are in '\(storeOptions.path)'; list them: \(list)"]
        if let shown = interesting {
            hints.append("read one: " + invocation.command(["artifacts", "show", shown] + storeOptions.arguments))
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
