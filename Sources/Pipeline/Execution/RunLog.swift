internal import Artifacts
internal import Foundation
internal import Synchronization

/// Passes events on to the observer, and keeps them, and how it all ended, in the run's folder.
///
/// A log that cannot be written does not stop a run: the results do not depend on it. The observer is warned once.
final class RunLog: Sendable {
    /// Progress and metrics may come by the thousand; the log keeps at most one a second of each stage.
    private static let pause: Duration = .seconds(1)

    private let record: RunRecord
    private let observer: RunObserver
    private let state = Mutex(State())

    private struct State {
        var lastProgress: [String: ContinuousClock.Instant] = [:]
        var hasFailed = false
    }

    init(record: RunRecord, observer: @escaping RunObserver) {
        self.record = record
        self.observer = observer
    }

    func report(_ event: RunEvent) {
        observer(event)
        guard isKept(event) else { return }
        warnOnce { try record.append(event: event.json(at: Date.now)) }
    }

    /// Writes the run's summary and lets go of the store.
    func finish(summary: JSONValue) { warnOnce { try record.finish(summary: summary) } }

    private func warnOnce(_ write: () throws -> Void) {
        do {
            try write()
        } catch {
            let isFirst = state.withLock { state in
                defer { state.hasFailed = true }
                return !state.hasFailed
            }
            if isFirst { observer(.warning(stage: nil, text: "the log of the run cannot be written: \(error)")) }
        }
    }

    private func isKept(_ event: RunEvent) -> Bool {
        let stage: String
        switch event {
        case .progress(let progress): stage = progress.stage
        case .metrics(let name, _): stage = name + " metrics"
        default: return true
        }
        return state.withLock { state in
            let now = ContinuousClock().now
            if let last = state.lastProgress[stage], now - last < Self.pause { return false }
            state.lastProgress[stage] = now
            return true
        }
    }
}
