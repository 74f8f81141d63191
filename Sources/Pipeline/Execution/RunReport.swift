public import Artifacts

/// What became of each stage of a run; a stage stands after those it reads from.
public struct RunReport: Sendable {
    /// The name of the run's folder in the store.
    public var run: String
    public var pipeline: String
    public var stages: [StageReport]
    /// Wall time of the whole run.
    public var seconds: Double
    /// The run was asked to stop before it was done.
    public var wasInterrupted: Bool

    public var hasFailures: Bool { stages.contains { if case .failed = $0.outcome { true } else { false } } }

    /// How many stages ended in each way.
    public var counts: StageCounts {
        var counts = StageCounts()
        for stage in stages {
            switch stage.outcome {
            case .cached: counts.cached += 1
            case .ran: counts.ran += 1
            case .failed: counts.failed += 1
            case .skipped, .interrupted, .notStarted: counts.skipped += 1
            }
        }
        return counts
    }
}

public struct StageCounts: Sendable, Equatable {
    public var cached = 0
    public var ran = 0
    public var failed = 0
    /// Stages that did not run to their end for a reason outside them.
    public var skipped = 0

    public var total: Int { cached + ran + failed + skipped }

    public init() {}
}

/// What became of one stage.
public struct StageReport: Sendable {
    public var stage: String
    public var kind: StageKind
    public var outcome: StageOutcome
    /// What kind of failure it was; nil unless it failed.
    public var failure: StageFailure?
    /// Nil where the inputs never became known.
    public var key: ContentDigest?
    public var decision: CacheDecision?
    /// Wall time of the attempts of this run; for a reused result, of the run that computed it.
    public var seconds: Double
    public var outputs: [String: ArtifactReference]
    /// As the stage gave it in `StageOutputs.summary`, also where the result was reused.
    public var summary: JSONValue

    /// A stage that has not had its turn.
    init(_ stage: PlannedStage) {
        self.stage = stage.name
        kind = stage.kind
        outcome = .notStarted
        seconds = 0
        outputs = [:]
        summary = .object([:])
    }
}

/// What a stage failed of.
public enum StageFailure: Sendable, Equatable {
    /// Of itself.
    case stage
    /// The store has lost what the stage reads, and nothing in the plan can make it again.
    case store
    /// It was to make a lost result again, and made another one.
    case notReproducible
    /// It is not what the lockfile says.
    case lock

    init(_ error: any Error) {
        self =
            switch error {
            case PipelineError.inputLost: .store
            case PipelineError.rebuiltDiffers: .notReproducible
            case PipelineError.notAsLocked: .lock
            default: .stage
            }
    }
}

public enum StageOutcome: Sendable, Equatable {
    /// An earlier result was reused.
    case cached
    case ran
    case failed(message: String)
    /// `cause` is the stage that failed.
    case skipped(cause: String)
    /// It was running when the run was asked to stop; what it had finished is in staging.
    case interrupted
    /// The run stopped before its turn.
    case notStarted
}
