public import Artifacts

/// Looks up results in a store and finds out why one is not there.
public struct CacheLookup: Sendable {
    private let store: ArtifactStore
    /// Names of the plan at hand: a record of another of its stages says nothing about this one.
    private let planNames: Set<String>

    public init(store: ArtifactStore, plan: PipelinePlan) {
        self.store = store
        planNames = Set(plan.stages.map(\.name))
    }

    /// What the store holds for a key.
    public struct Answer: Sendable {
        public let decision: CacheDecision
        /// The result to reuse; present exactly with `.hit`.
        public let record: StageRecord?
    }

    /// Whether the result of `stage` can be reused.
    ///
    /// The files of a result are checked for presence and size. The stages that read them verify their contents: rows
    /// while they are read whole, blobs when they are first opened.
    public func answer(_ stage: PlannedStage, key: StageKey, isForced: Bool = false) throws -> Answer {
        if isForced { return Answer(decision: .miss(.forced), record: nil) }
        guard stage.cache.reads else {
            return Answer(decision: .miss(stage.cache.writes ? .readingOff : .cachingOff), record: nil)
        }
        guard let record = try store.stageRecord(for: key.digest) else {
            return Answer(decision: .miss(try explanation(stage, key: key).reasons.first ?? .neverRan), record: nil)
        }
        if let port = stage.definition.outputs.first(where: { !$0.isOptional && record.outputs[$0.name] == nil }) {
            return Answer(decision: .miss(.outputMissing(port: port.name)), record: nil)
        }
        guard let problem = try store.problems(of: record).first else {
            return Answer(decision: .hit, record: record)
        }
        switch problem.kind {
        case .missing: return Answer(decision: .miss(.outputMissing(port: problem.port)), record: nil)
        case .wrongSize: return Answer(decision: .miss(.outputDamaged(port: problem.port)), record: nil)
        }
    }

    /// Why `stage` differs from what was done before.
    public struct Explanation: Sendable {
        /// All differences; empty where nothing earlier is comparable.
        public let reasons: [MissReason]
        /// The earlier result compared with.
        public let earlier: StageRecord?
    }

    /// Compares `key` with the latest result of the same stage name, or else with the nearest result of the same kind
    /// whose name is no longer in the plan, as after a renaming.
    public func explanation(_ stage: PlannedStage, key: StageKey) throws -> Explanation {
        let kind = stage.kind.rawValue
        if let same = try store.latestRecords(pipelineStage: stage.name, kind: kind).first(where: {
            $0.key != key.digest
        }) {
            return Explanation(
                reasons: KeyDifference(from: same.preimage, to: key.preimage).reasons, earlier: same)
        }
        let candidates = try store.latestRecords(pipelineStage: nil, kind: kind).filter {
            $0.key != key.digest && !planNames.contains($0.stageName)
        }
        let compared = candidates.map { ($0, KeyDifference(from: $0.preimage, to: key.preimage).reasons) }
        // Of equally near ones the newest, which comes first.
        guard let (earlier, reasons) = compared.min(by: { $0.1.count < $1.1.count }) else {
            return Explanation(reasons: [], earlier: nil)
        }
        return Explanation(reasons: reasons, earlier: earlier)
    }
}
