internal import Glibc
internal import Synchronization

/// Moments at which a test can make the process die or the disk fill up.
///
/// The environment variable `PIPELINE_FAILPOINT` holds `name:action` or `name:action:n`, where the action is `kill`
/// (SIGKILL) or `full` (the write fails as on a full disk) and `n` counts from 1 the visit at which it happens.
/// Without the variable a visit costs one load.
package enum Failpoint: String, CaseIterable, Sendable {
    /// Before bytes go to a file.
    case write
    /// A temporary file is complete, nothing is durable.
    case written
    /// Before `fsync` of a file.
    case synchronise
    /// A file is durable, without its name.
    case synchronised
    /// A file has its name; its folder is not durable yet.
    case linked
    /// A staged file is in place, its ok-file is not.
    case staged
    /// All objects of a stage are in place, its record is not.
    case outputsPlaced = "outputs-placed"
    /// The record is in place, the index does not know it.
    case recordPlaced = "record-placed"
    /// The stage is done, its staging folder is still there.
    case indexed

    private struct Plan: Sendable {
        var failpoint: Failpoint
        var fills: Bool
        var visit: Int
    }

    private static let plan: Plan? = {
        guard let text = getenv("PIPELINE_FAILPOINT").map({ String(cString: $0) }) else { return nil }
        let parts = text.split(separator: ":").map(String.init)
        guard parts.count >= 2, let failpoint = Failpoint(rawValue: parts[0]) else { return nil }
        return Plan(failpoint: failpoint, fills: parts[1] == "full", visit: parts.count > 2 ? Int(parts[2]) ?? 1 : 1)
    }()

    private static let visits = Atomic<Int>(0)

    private static func isDue(_ failpoint: Failpoint) -> Bool {
        guard let plan, plan.failpoint == failpoint else { return false }
        return visits.add(1, ordering: .relaxed).newValue == plan.visit
    }

    static func reach(_ failpoint: Failpoint) {
        guard plan != nil, isDue(failpoint) else { return }
        kill(getpid(), SIGKILL)
    }

    static func reach(_ failpoint: Failpoint, path: String) throws {
        guard let plan, isDue(failpoint) else { return }
        if plan.fills { throw ArtifactError.system(operation: "write", path: path, code: ENOSPC) }
        kill(getpid(), SIGKILL)
    }
}
