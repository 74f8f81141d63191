public import Artifacts
internal import Foundation

/// How a plan is run. Nothing here is part of a key, except `strictness` for who asks for it.
public struct RunOptions: Sendable {
    /// Cores that stages may share.
    public var cores: Int
    /// Threads for a heavy stage that does not say itself; nil for one a core.
    public var threads: Int?
    /// How many stages may run at once.
    public var jobs: Int
    /// Bytes of memory that stages may share, as far as they say what they need; nil for no limit.
    public var memory: Int?
    /// Whether stages that do not depend on a failed one are still started.
    public var keepsGoing: Bool
    /// Names of stages to run whatever the store holds.
    public var forced: Set<String>
    /// Names of the stages to reach, with all they need; empty for all.
    public var targets: [String]
    /// What results are to be kept apart by beyond what their keys always hold.
    public var strictness: KeyStrictness
    /// What every stage has to come to; a stage that does not fails.
    public var lock: PlanLock?
    /// Recorded beside each result: CPU, library kernel, version of the program.
    public var facts: [String: JSONValue]
    /// How long a shard under way may go on once the run is asked to stop.
    public var grace: Duration
    /// How often a stage that another process computes is asked for.
    public var poll: Duration

    public init(
        cores: Int? = nil, threads: Int? = nil, jobs: Int = .max, memory: Int? = nil, keepsGoing: Bool = false,
        forced: Set<String> = [], targets: [String] = [], strictness: KeyStrictness = KeyStrictness(),
        facts: [String: JSONValue] = [:], grace: Duration = .seconds(30), poll: Duration = .milliseconds(200)
    ) {
        self.cores = cores ?? ProcessInfo.processInfo.activeProcessorCount
        self.threads = threads
        self.jobs = jobs
        self.memory = memory
        self.keepsGoing = keepsGoing
        self.forced = forced
        self.targets = targets
        self.strictness = strictness
        self.facts = facts
        self.grace = grace
        self.poll = poll
    }
}
