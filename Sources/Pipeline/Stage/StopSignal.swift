internal import Synchronization

/// A flag that asks running stages to end in good order: at the next step, or with the shard under way.
///
/// It is softer than cancelling the task, which gives the shard up as well.
public final class StopSignal: Sendable {
    private let raised = Atomic<Bool>(false)
    private let raises: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    public init() {
        (raises, continuation) = AsyncStream.makeStream()
    }

    public var isRaised: Bool { raised.load(ordering: .relaxed) }

    /// May be called more than once, from any thread.
    public func raise() {
        raised.store(true, ordering: .relaxed)
        continuation.finish()
    }

    /// Returns once the signal is raised, or the task is cancelled. For one task at a time.
    func wait() async {
        for await _ in raises {}
    }
}

/// Tells code deep inside a stage whether it is computing a shard that is to be finished before stopping.
enum ShardScope {
    @TaskLocal static var isInsideShard = false
}
