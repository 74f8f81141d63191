internal import Pipeline
internal import Synchronization

/// The run that signals are to stop, of one or of several that follow one another.
final class WorkInHand: Sendable {
    private struct State {
        var executor: Executor?
        var reporter: ConsoleReporter?
        var isStopping = false
    }

    private let state = Mutex(State())

    /// From now on `executor` is what is stopped.
    /// - Returns: false where the stop was asked for before: the run is not to begin.
    func take(_ executor: Executor, _ reporter: ConsoleReporter) -> Bool {
        state.withLock { state in
            state.executor = executor
            state.reporter = reporter
            return !state.isStopping
        }
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Asks the run to end in good order, and none to follow.
    func stop() {
        let (executor, reporter) = state.withLock { state in
            state.isStopping = true
            return (state.executor, state.reporter)
        }
        executor?.stop()
        reporter?.drain()
    }

    /// Puts the screen in order before the process ends.
    func close() { state.withLock { $0.reporter }?.close() }
}
