internal import Synchronization

/// A flag that asks running stages to end in good order: at the next step, or with the shard under way.
///
/// It is softer than cancelling the task, which gives the shard up as well.
public final class StopSignal: Sendable {
    private let raised = Atomic<Bool>(false)

    public init() {}

    public var isRaised: Bool { raised.load(ordering: .relaxed) }

    public func raise() { raised.store(true, ordering: .relaxed) }
}

/// Tells code deep inside a stage whether it is computing a shard that is to be finished before stopping.
enum ShardScope {
    @TaskLocal static var isInsideShard = false
}
