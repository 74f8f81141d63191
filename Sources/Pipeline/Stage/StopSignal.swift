internal import Synchronization

/// A flag that asks running stages to end in good order: at the next step, or with the shard under way.
///
/// It is softer than cancelling the task, which gives the shard up as well.
public final class StopSignal: Sendable {
    private let raised = Atomic<Bool>(false)
    private let outer: StopSignal?
    private let raises: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// - Parameter outer: a signal that raises this one as well; nil for none.
    public init(within outer: StopSignal? = nil) {
        self.outer = outer
        (raises, continuation) = AsyncStream.makeStream()
    }

    public var isRaised: Bool { isRaisedItself || outer?.isRaised == true }

    /// Whether it was this signal that was raised, and not only the one around it.
    var isRaisedItself: Bool { raised.load(ordering: .relaxed) }

    /// May be called more than once, from any thread.
    public func raise() {
        raised.store(true, ordering: .relaxed)
        continuation.finish()
    }

    /// Returns once the signal itself is raised, or the task is cancelled. For one task at a time.
    func wait() async {
        for await _ in raises {}
    }
}

/// Tells code deep inside a stage whether it is computing a shard that is to be finished before stopping.
enum ShardScope {
    @TaskLocal static var isInsideShard = false
}
