public import Artifacts

/// Receives the events of a run, on whichever thread they arise; it should return quickly.
public typealias RunObserver = @Sendable (RunEvent) -> Void

/// Something that happened while a plan ran. Libraries report; the command line renders.
public enum RunEvent: Sendable {
    case runStarted(run: String, pipeline: String, stages: Int)
    /// What the cache said, the moment the inputs of the stage were known.
    case stagePlanned(stage: String, key: ContentDigest, decision: CacheDecision)
    /// Another process computes the same key; this run waits and then reuses it.
    case stageWaiting(stage: String)
    /// - Parameter attempt: counts from 1.
    case stageStarted(stage: String, attempt: Int)
    case progress(StageProgress)
    case metrics(stage: String, values: [String: Double])
    case shardDone(ShardReport)
    case warning(stage: String?, text: String)
    case stageFinished(StageReport)
    /// - Parameter retries: how many attempts are still to be made.
    case stageFailed(stage: String, message: String, retries: Int)
    /// It found an input damaged, and is to start again once `awaiting` has made it anew.
    case stagePostponed(stage: String, awaiting: String)
    /// Not started because `cause` failed or was skipped itself.
    case stageSkipped(stage: String, cause: String)
    case runFinished(RunReport)
}

/// How far a stage has come, in a unit of its own choice.
public struct StageProgress: Sendable, Equatable {
    public var stage: String
    public var done: Int
    public var total: Int?
    public var unit: String
    public var note: String?
}

/// A shard that is finished and safe in staging.
public struct ShardReport: Sendable, Equatable {
    public var stage: String
    public var list: String
    /// Counts from 0.
    public var index: Int
    public var count: Int
    public var rows: Int
    /// True where an earlier, interrupted run had finished it.
    public var wasKept: Bool
}
