public import Artifacts

/// What a run would do, found out without running or writing anything.
public struct PlanForecast: Sendable {
    /// Each after the stages it reads from.
    public let stages: [StageForecast]

    /// Compares `plan` with what `store` holds.
    ///
    /// Sources are hashed where they lie. A stage whose inputs wait for a run has no key yet: it may turn out cached.
    /// - Parameters:
    ///   - store: nil where there is none yet, so that everything would run.
    ///   - forced: names of stages to run whatever the store holds.
    ///   - strictness: as in `RunOptions`.
    /// - Throws: `PipelineError` for sources that are missing or not as demanded; `ArtifactError`.
    public init(
        plan: PipelinePlan, store: ArtifactStore?, forced: Set<String> = [],
        strictness: KeyStrictness = KeyStrictness()
    ) throws {
        let lookup = store.map { CacheLookup(store: $0, plan: plan) }
        var sources = SourceReader()
        var outputs: [String: [String: ArtifactReference]] = [:]
        var forecasts: [StageForecast] = []
        for position in plan.graph.order {
            let stage = plan.stages[position]
            let waitsFor = plan.graph.dependencies[position].map { plan.graph.names[$0] }.filter {
                outputs[$0] == nil
            }
            guard waitsFor.isEmpty else {
                forecasts.append(StageForecast(stage, waitsFor: waitsFor))
                continue
            }
            let inputs = try stage.references { origin in
                switch origin {
                case .output(let name, let port): outputs[name]?[port]
                case .source(let name): try plan.source(named: name).map { try sources.reference($0) }
                }
            }
            let key = try StageKey(of: stage, inputs: inputs.mapValues { $0.map(\.digest) }, strictness: strictness)
            let forecast = try StageForecast(
                stage, key: key, inputs: inputs, lookup: lookup, isForced: forced.contains(stage.name))
            outputs[stage.name] = forecast.record?.outputs
            forecasts.append(forecast)
        }
        stages = forecasts
    }
}

/// What a run would do with one stage.
public struct StageForecast: Sendable {
    public enum State: String, Sendable {
        /// The result is at hand.
        case cached
        case run
        /// It depends on the content that stages before it will produce.
        case maybe
    }

    public let stage: PlannedStage
    public let state: State
    /// Nil where an input is not known yet.
    public let key: StageKey?
    /// The artifacts at each connected port; none where an input is not known yet.
    public let inputs: [String: [ArtifactReference]]
    /// Nil where an input is not known yet.
    public let decision: CacheDecision?
    /// The stages whose results are to be awaited; only with `maybe`.
    public let waitsFor: [String]
    /// The result that is reused; only with `cached`.
    public let record: StageRecord?
    /// What differs from the nearest earlier result, and that result; only with `run`.
    public let explanation: CacheLookup.Explanation?

    public var name: String { stage.name }

    /// In words for people.
    public var reason: String {
        if let decision {
            let isLost = decision != .hit && stage.cache.reads && !stage.cache.writes
            return decision.description + (isLost ? "; the result is not kept ('cache: {write: false}')" : "")
        }
        return "waits for " + waitsFor.map { "'\($0)'" }.joined(separator: ", ")
    }

    fileprivate init(_ stage: PlannedStage, waitsFor: [String]) {
        self.stage = stage
        self.waitsFor = waitsFor
        inputs = [:]
        (state, key, decision, record, explanation) = (.maybe, nil, nil, nil, nil)
    }

    fileprivate init(
        _ stage: PlannedStage, key: StageKey, inputs: [String: [ArtifactReference]], lookup: CacheLookup?,
        isForced: Bool
    ) throws {
        let answer = try lookup?.answer(stage, key: key, isForced: isForced)
        self.stage = stage
        self.key = key
        self.inputs = inputs
        decision = answer?.decision ?? .miss(.neverRan)
        record = answer?.record
        state = record == nil ? .run : .cached
        explanation = record == nil ? try lookup?.explanation(stage, key: key) : nil
        waitsFor = []
    }
}

extension PlannedStage {
    /// The artifacts at the stage's ports, from what `find` says of their origins.
    ///
    /// An optional output that its stage left out leaves an optional input unconnected.
    func references(
        _ find: (InputOrigin) throws -> ArtifactReference?
    ) throws -> [String: [ArtifactReference]] {
        var references: [String: [ArtifactReference]] = [:]
        for connection in connections {
            let found = try connection.origins.compactMap(find)
            if found.isEmpty, !connection.port.isOptional {
                throw PipelineError.inputLeftOut(
                    port: connection.port.name, stage: name,
                    source: connection.origins.map(\.description).joined(separator: ", "))
            }
            if !found.isEmpty { references[connection.port.name] = found }
        }
        return references
    }
}
