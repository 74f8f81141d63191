internal import Synchronization

/// The right of this process to run one stage key, held until released, forgotten, or the process dies.
///
/// It is a kernel lock, so a stale one cannot exist. It also keeps maintenance from the store while the stage runs.
public final class StageClaim: Sendable {
    public let key: ContentDigest
    private let locks: Mutex<[FileLock]>

    init(key: ContentDigest, store: FileLock, stage: FileLock) {
        self.key = key
        locks = Mutex([stage, store])
    }

    /// Whether the right has not been given up.
    public var isHeld: Bool { locks.withLock { !$0.isEmpty } }

    /// Gives the right up; harmless when done twice.
    public func release() { locks.withLock { $0.removeAll() } }
}
