/// How long one attempt at a stage may take.
struct TimeLimit: Sendable {
    let stage: String
    let limit: Duration
    /// How long a shard under way may go on after that.
    let grace: Duration
    /// Raised to end the whole run.
    let stop: StopSignal

    /// What `work` gives, unless the time is over first. Then it is asked to end in good order, as when the run is
    /// stopped, and after the grace it is cancelled: what it finished stays in staging.
    ///
    /// Work that asks neither its signal nor its task whether it is to end goes on to its end, and that counts.
    /// - Parameter work: gets the signal to look at in the place of the run's.
    /// - Throws: `PipelineError.timedOut`; whatever `work` throws.
    func perform<Result: Sendable>(
        _ work: @escaping @Sendable (StopSignal) async throws -> Result
    ) async throws -> Result {
        let deadline = StopSignal(within: stop)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work(deadline) }
            group.addTask {
                try await Task.sleep(for: limit)
                deadline.raise()
                try await Task.sleep(for: grace)
                return nil
            }
            defer { group.cancelAll() }
            do {
                if case .some(.some(let result)) = try await group.next() { return result }
                group.cancelAll()
                if case .some(.some(let result)) = try await group.next() { return result }
            } catch is CancellationError where deadline.isRaisedItself && !stop.isRaised && !Task.isCancelled {
                throw PipelineError.timedOut(stage: stage, limit: limit)
            }
            throw CancellationError()
        }
    }
}
