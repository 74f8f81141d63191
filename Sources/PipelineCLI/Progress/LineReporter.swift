internal import Pipeline

/// How much a run tells.
enum Verbosity: Sendable {
    /// Failures and the closing line.
    case quiet
    case normal
    /// Progress, shards and metrics too.
    case verbose
}

/// Words one line a state change, for files, pipes and dumb terminals.
struct LineReporter: Sendable {
    var verbosity: Verbosity
    private var lastProgress: [String: Double] = [:]
    /// Seconds between two progress lines of one stage.
    private static let progressInterval = 5.0

    init(verbosity: Verbosity) { self.verbosity = verbosity }

    /// The line for an event, or nil where there is nothing to say.
    mutating func line(_ event: RunEvent, board: RunBoard, now: Double) -> String? {
        switch event {
        case .warning(let stage, let text):
            return "warning: " + (stage.map { "stage '\($0)': " } ?? "") + text
        case .stageFailed(let stage, let message, let retries):
            return "\(stage): failed: \(message)" + (retries > 0 ? " (\(retries) more attempts)" : "")
        case _ where verbosity == .quiet:
            return nil
        case .runStarted(let run, let pipeline, let stages):
            return "run \(run): \(pipeline), \(Quantities.count(stages, "stage"))"
        case .stagePlanned, .runFinished:
            return nil
        case .stageWaiting(let stage):
            return "\(stage): waits, another run computes it"
        case .stagePostponed(let stage, let awaited):
            return "\(stage): waits for '\(awaited)' to be made again"
        case .stageStarted(let stage, let attempt):
            let reason = board[stage]?.reason.map { " (\($0))" } ?? ""
            return "\(stage): started\(attempt > 1 ? ", attempt \(attempt)" : "")\(reason)"
        case .stageFinished(let report):
            return finished(report)
        case .stageSkipped(let stage, let cause):
            // Dozens of these would push the failure off the screen; the closing line counts them.
            return verbosity == .verbose ? "\(stage): skipped, '\(cause)' failed" : nil
        case .progress(let progress):
            return line(progress, board: board, now: now)
        case .metrics(let stage, let values):
            guard verbosity == .verbose else { return nil }
            let texts = values.keys.sorted().map { "\($0)=\(Quantities.significant(values[$0] ?? 0))" }
            return "\(stage): " + texts.joined(separator: " ")
        case .shardDone(let shard):
            guard verbosity == .verbose else { return nil }
            let kept = shard.wasKept ? ", kept from an earlier run" : ""
            return "\(shard.stage): \(shard.list) shard \(shard.index + 1)/\(shard.count), "
                + "\(Quantities.count(shard.rows, "row"))\(kept)"
        }
    }

    private func finished(_ report: StageReport) -> String? {
        switch report.outcome {
        case .cached: "\(report.stage): cached"
        case .ran: "\(report.stage): done in \(Quantities.duration(report.seconds))"
        case .interrupted: "\(report.stage): interrupted, resumable"
        // Said by `stageFailed` and `stageSkipped` already.
        case .failed, .skipped, .notStarted: nil
        }
    }

    private mutating func line(_ progress: StageProgress, board: RunBoard, now: Double) -> String? {
        guard verbosity == .verbose, now - (lastProgress[progress.stage] ?? -.infinity) >= Self.progressInterval
        else { return nil }
        lastProgress[progress.stage] = now
        let total = progress.total.map { "/\($0)" } ?? ""
        let rate = board[progress.stage]?.pace.perSecond.map { ", " + Quantities.rate($0) } ?? ""
        let note = progress.note.map { ", \($0)" } ?? ""
        return "\(progress.stage): \(progress.done)\(total) \(progress.unit)\(rate)\(note)"
    }
}
