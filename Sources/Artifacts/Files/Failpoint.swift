internal import Glibc
internal import Synchronization

/// Moments at which a test can make the process die or the disk fill up.
///
/// The environment variable `PIPELINE_FAILPOINT` holds `name:action` or `name:action:n`, where the action is `kill`
/// (SIGKILL) or `full` (the step fails as on a full disk) and `n` counts from 1 the visit at which it happens.
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
}

/// What `PIPELINE_FAILPOINT` asks for. It observes every task of the process that has no observer of its own.
final class FailpointPlan: FileObserver {
    static let ofEnvironment: FailpointPlan? = {
        guard let text = getenv("PIPELINE_FAILPOINT").map({ String(cString: $0) }) else { return nil }
        let parts = text.split(separator: ":").map(String.init)
        guard parts.count >= 2, let failpoint = Failpoint(rawValue: parts[0]) else { return nil }
        let visit = parts.count > 2 ? Int(parts[2]) ?? 1 : 1
        return FailpointPlan(failpoint: failpoint, fillsDisk: parts[1] == "full", visit: visit)
    }()

    private let failpoint: Failpoint
    private let fillsDisk: Bool
    private let visit: Int
    private let visits = Atomic<Int>(0)

    private init(failpoint: Failpoint, fillsDisk: Bool, visit: Int) {
        self.failpoint = failpoint
        self.fillsDisk = fillsDisk
        self.visit = visit
    }

    func fault(before step: FileStep) -> FileFault? {
        guard isDue(Self.before(step)) else { return nil }
        if fillsDisk { return .error(ENOSPC) }
        kill(getpid(), SIGKILL)
        return nil
    }

    func done(_ step: FileStep) {
        if isDue(Self.after(step)) { kill(getpid(), SIGKILL) }
    }

    private func isDue(_ reached: Failpoint?) -> Bool {
        reached == failpoint && visits.add(1, ordering: .relaxed).newValue == visit
    }

    /// Only what happens to temporary files counts: lock files and logs of events hold no results.
    private static func before(_ step: FileStep) -> Failpoint? {
        switch step {
        case .write(let path, _) where path.hasSuffix(TemporaryFile.suffix): .write
        case .synchronise(let path) where path.hasSuffix(TemporaryFile.suffix): .synchronise
        case .protect: .written
        default: nil
        }
    }

    private static func after(_ step: FileStep) -> Failpoint? {
        switch step {
        case .synchronise(let path) where path.hasSuffix(TemporaryFile.suffix): .synchronised
        case .link: .linked
        case .moment(let failpoint): failpoint
        default: nil
        }
    }
}
