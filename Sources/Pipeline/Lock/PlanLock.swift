public import Artifacts

/// What every stage of a plan came to, to be kept beside the pipeline file and demanded again with `run --locked`.
public struct PlanLock: Sendable, Equatable {
    static let schema = "pipeline.lock/1"

    public let pipeline: String
    /// The program that wrote it.
    public let program: String
    /// In the order of the plan.
    public let stages: [LockedStage]

    /// - Throws: `PipelineError.notLockable` for a stage without a result.
    public init(plan: PipelinePlan, forecast: PlanForecast, program: String) throws {
        pipeline = plan.name
        self.program = program
        stages = try forecast.stages.map { stage in
            guard let key = stage.key, let record = stage.record else {
                throw PipelineError.notLockable(stage: stage.name, reason: stage.reason)
            }
            return LockedStage(
                name: stage.name, key: key.digest, preimage: key.preimage,
                outputs: record.outputs.mapValues(\.digest))
        }
    }

    public func stage(_ name: String) -> LockedStage? { stages.first { $0.name == name } }

    /// How the plan differs from the lock, as far as it can be told before anything runs.
    public func mismatches(_ plan: PipelinePlan, _ forecast: PlanForecast) -> [LockMismatch] {
        let names = Set(plan.stages.map(\.name))
        let gone = stages.filter { !names.contains($0.name) }.map { LockMismatch(stage: $0.name, reason: "is gone") }
        return gone
            + forecast.stages.compactMap { stage in
                guard let key = stage.key else { return nil }
                return mismatch(stage.name, key: key) ?? stage.record.flatMap { mismatch(stage.name, record: $0) }
            }
    }

    /// - Throws: `PipelineError.notAsLocked` where the key of the stage is another one.
    func check(_ name: String, key: StageKey) throws {
        if let mismatch = mismatch(name, key: key) { throw PipelineError.notAsLocked(mismatch) }
    }

    /// - Throws: `PipelineError.notAsLocked` where the stage, whose key is the locked one, has another result.
    func check(_ name: String, record: StageRecord) throws {
        if let mismatch = mismatch(name, record: record) { throw PipelineError.notAsLocked(mismatch) }
    }

    /// How the key of a stage differs; nil where it is the locked one.
    private func mismatch(_ name: String, key: StageKey) -> LockMismatch? {
        guard let locked = stage(name) else { return LockMismatch(stage: name, reason: "is new") }
        guard locked.key != key.digest else { return nil }
        let reasons = KeyDifference(from: locked.preimage, to: key.preimage).reasons
        return LockMismatch(
            stage: name,
            reason: reasons.isEmpty ? "has another key" : reasons.map(\.description).joined(separator: ", "))
    }

    /// How the result of a stage with the locked key differs; nil where it does not.
    private func mismatch(_ name: String, record: StageRecord) -> LockMismatch? {
        guard let locked = stage(name) else { return LockMismatch(stage: name, reason: "is new") }
        let found = record.outputs.mapValues(\.digest)
        let port = Set(found.keys).union(locked.outputs.keys).sorted().first { found[$0] != locked.outputs[$0] }
        guard let port else { return nil }
        let (old, new) = (locked.outputs[port]?.short ?? "nothing", found[port]?.short ?? "nothing")
        return LockMismatch(stage: name, reason: "gave \(new) for its output '\(port)', not \(old)")
    }
}

/// What one stage came to.
public struct LockedStage: Codable, Sendable, Equatable {
    public let name: String
    public let key: ContentDigest
    /// What the key is the digest of, so that a difference can be told without the store that it was made in.
    public let preimage: JSONValue
    /// The content at each output port.
    public let outputs: [String: ContentDigest]
}

/// A stage that is not as the lock says.
public struct LockMismatch: Sendable, Equatable, CustomStringConvertible {
    public let stage: String
    public let reason: String

    public var description: String { "stage '\(stage)' \(reason)" }
}

// MARK: The file

extension PlanLock {
    /// JSON with one stage a line, so that a change shows as the change of a line.
    public func text() throws -> String {
        let stages = try stages.map { try CanonicalJSON.text(CanonicalJSON.value(of: $0)) }
        return """
            {"schema":"\(Self.schema)",
            "pipeline":\(try CanonicalJSON.text(.string(pipeline))),
            "program":\(try CanonicalJSON.text(.string(program))),
            "stages":[
            \(stages.joined(separator: ",\n"))
            ]}

            """
    }

    /// - Throws: `PipelineError.badLock` for bytes that are no lock, or one whose keys are not those of what it says.
    public init(bytes: some Collection<UInt8>, path: String) throws {
        do {
            let value = try CanonicalJSON.parse(bytes)
            guard value["schema"]?.stringValue == Self.schema, let pipeline = value["pipeline"]?.stringValue,
                let program = value["program"]?.stringValue, let stages = value["stages"]?.arrayValue
            else { throw PipelineError.badLock(path: path, reason: "it is no '\(Self.schema)'") }
            self.pipeline = pipeline
            self.program = program
            self.stages = try stages.map { try CanonicalJSON.decode(LockedStage.self, from: $0) }
        } catch let error as ArtifactError {
            throw PipelineError.badLock(path: path, reason: "\(error)")
        }
        for stage in stages where try StageKey.digest(of: stage.preimage) != stage.key {
            throw PipelineError.badLock(
                path: path, reason: "the key of stage '\(stage.name)' is not that of what stands beside it")
        }
    }
}
