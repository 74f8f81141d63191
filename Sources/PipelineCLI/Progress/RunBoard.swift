internal import Artifacts
internal import Pipeline

/// What is known of a run at one moment: every stage of the plan and how far it has come.
///
/// A value that events change, so that what a screen shows can be tested without a screen, a clock or a run.
struct RunBoard: Sendable {
    enum State: Sendable, Equatable {
        case waiting
        /// Another process computes the same result.
        case waitingForOther
        case running
        case cached
        case ran
        case failed
        case skipped(cause: String)
        case interrupted

        var isOver: Bool {
            switch self {
            case .waiting, .waitingForOther, .running: false
            case .cached, .ran, .failed, .skipped, .interrupted: true
            }
        }
    }

    struct Row: Sendable {
        var stage: String
        var kind: String
        /// Why it runs, or what it waits for.
        var reason: String?
        var state = State.waiting
        var progress: StageProgress?
        var metrics: [String: Double] = [:]
        /// When the attempt under way began, in seconds of the caller's clock.
        var startedAt: Double?
        var seconds: Double = 0
        var pace = Pace()
    }

    private(set) var rows: [Row]
    private let positions: [String: Int]
    let startedAt: Double
    /// The user has asked the run to stop; what is under way is being brought to a good end.
    var isDraining = false

    /// - Parameter rows: in the order of the plan.
    init(rows: [Row], now: Double) {
        self.rows = rows
        positions = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1.stage, $0) })
        startedAt = now
    }

    subscript(stage: String) -> Row? { positions[stage].map { rows[$0] } }

    /// Takes in an event that happened at `now`, in seconds of any clock that only goes forward.
    mutating func apply(_ event: RunEvent, now: Double) {
        switch event {
        case .stagePlanned(let stage, _, let decision):
            update(stage) { $0.reason = decision.description }
        case .stagePostponed(let stage, let awaited):
            update(stage) {
                $0.state = .waiting
                $0.reason = "waits for '\(awaited)'"
            }
        case .stageWaiting(let stage):
            update(stage) { $0.state = .waitingForOther }
        case .stageStarted(let stage, _):
            update(stage) {
                $0.state = .running
                $0.startedAt = now
                $0.progress = nil
                $0.pace = Pace()
            }
        case .progress(let progress):
            update(progress.stage) {
                $0.progress = progress
                $0.pace.add(done: progress.done, at: now)
            }
        case .metrics(let stage, let values):
            update(stage) { $0.metrics = values }
        case .stageFinished(let report):
            update(report.stage) {
                $0.state = Self.state(of: report.outcome)
                $0.seconds = report.seconds
            }
        case .stageFailed(let stage, _, let retries) where retries == 0:
            update(stage) { $0.state = .failed }
        case .stageSkipped(let stage, let cause):
            update(stage) { $0.state = .skipped(cause: cause) }
        case .runStarted, .shardDone, .warning, .stageFailed, .runFinished:
            break
        }
    }

    private mutating func update(_ stage: String, _ change: (inout Row) -> Void) {
        guard let position = positions[stage] else { return }
        change(&rows[position])
    }

    private static func state(of outcome: StageOutcome) -> State {
        switch outcome {
        case .cached: .cached
        case .ran: .ran
        case .failed: .failed
        case .skipped(let cause): .skipped(cause: cause)
        case .interrupted: .interrupted
        case .notStarted: .waiting
        }
    }
}

/// How fast something goes, judged by the last minute.
struct Pace: Sendable {
    private var points: [(time: Double, done: Int)] = []
    private static let window = 60.0

    mutating func add(done: Int, at time: Double) {
        // A stage may count anew, for its next list of rows.
        if let last = points.last, done < last.done { points = [] }
        points.append((time, done))
        while points.count > 2, let first = points.first, time - first.time > Self.window { points.removeFirst() }
        // Enough points for a minute at the rate at which people can read; the middle ones tell little.
        if points.count > 600 { points.remove(at: 1) }
    }

    /// Units a second; nil until enough has been seen.
    var perSecond: Double? {
        guard let first = points.first, let last = points.last, last.time - first.time > 0.5, last.done > first.done
        else { return nil }
        return Double(last.done - first.done) / (last.time - first.time)
    }
}
