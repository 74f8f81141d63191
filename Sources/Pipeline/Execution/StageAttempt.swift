internal import Artifacts
internal import Foundation

/// The work of getting one stage's result, once its inputs are known and it has its share of the machine.
struct StageAttempt: Sendable {
    let stage: PlannedStage
    let key: StageKey
    let decision: CacheDecision
    let inputs: [String: [ArtifactReference]]
    /// The sources among the inputs.
    let sources: [(source: PlannedSource, reference: ArtifactReference)]
    let pipeline: String
    let options: RunOptions
    let store: ArtifactStore
    let lookup: CacheLookup
    let stop: StopSignal
    let observer: RunObserver
    /// Set where the result was made before and has been damaged since.
    let rebuild: Rebuild?

    /// A result that is to be made again.
    struct Rebuild: Sendable {
        /// The damaged file.
        var path: String
        /// The result as it was: others have read it, so it must come out the same.
        var promised: StageRecord
    }

    struct Result: Sendable {
        var record: StageRecord
        /// Another process, or a stage with the same key, had made it by the time its turn came.
        var wasReused: Bool
        var seconds: Double
    }

    /// The result of the stage: reused if somebody else has made it meanwhile, else computed.
    func perform() async throws -> Result {
        let claim = try await claim()
        defer { claim.release() }
        if let rebuild { try store.putAside(rebuild.path) }
        if isReusable, let record = try lookup.answer(stage, key: key).record {
            try checkPromise(record)
            return Result(record: record, wasReused: true, seconds: 0)
        }
        // What lies in staging belongs to this key, but somebody who forces a run wants all of it computed.
        if !isReusable { try store.staging(for: key.digest).discard() }
        let inputs = try storedInputs()
        let clock = ContinuousClock()
        let start = clock.now
        let outputs = try await computeWithRetries(inputs)
        let seconds = (clock.now - start) / .seconds(1)
        let record = record(of: outputs, seconds: seconds)
        try checkPromise(record)
        guard stage.cache.writes else {
            try store.staging(for: key.digest).discard()
            return Result(record: record, wasReused: false, seconds: seconds)
        }
        return Result(record: try commit(record, claim), wasReused: false, seconds: seconds)
    }

    /// `error` with the sources of the stage as the user calls them.
    func named(_ error: any Error) -> any Error { SourceNames(sources, store: store).restored(in: error) }

    private var isReusable: Bool { stage.cache.reads && decision != .miss(.forced) }

    /// The right to run this key, after whoever has it now.
    private func claim() async throws -> StageClaim {
        if let claim = try store.claim(key.digest) { return claim }
        observer(.stageWaiting(stage: stage.name))
        while true {
            if stop.isRaised { throw CancellationError() }
            try await Task.sleep(for: options.poll)
            if let claim = try store.claim(key.digest) { return claim }
        }
    }

    /// The inputs, with every source among them brought into the store.
    private func storedInputs() throws -> StageInputs {
        var stored: [ContentDigest: ArtifactReference] = [:]
        for (source, reference) in sources {
            stored[reference.digest] = try SourceReader.ingest(source, as: reference, into: store)
        }
        return StageInputs(store: store, connections: inputs.mapValues { $0.map { stored[$0.digest] ?? $0 } })
    }

    private func commit(_ record: StageRecord, _ claim: StageClaim) throws -> StageRecord {
        switch try store.commit(record, claim: claim) {
        case .accepted, .alreadyAccepted:
            return record
        case .diverged(let accepted):
            observer(
                .warning(
                    stage: stage.name,
                    text: "the result differs from that of \(accepted.createdAt), which stands; "
                        + "the stage is not reproducible"))
            return accepted
        }
    }

    /// A stage that gives other bytes cannot take the place of what others have read.
    private func checkPromise(_ record: StageRecord) throws {
        guard let promised = rebuild?.promised else { return }
        for (port, output) in promised.outputs.sorted(by: { $0.key < $1.key }) {
            let found = record.outputs[port]?.digest
            if found != output.digest {
                throw PipelineError.rebuiltDiffers(
                    stage: stage.name, port: port, promised: output.digest, found: found)
            }
        }
        if let blob = promised.blobs.first(where: { !record.blobs.contains($0) }) {
            throw PipelineError.rebuiltDiffers(stage: stage.name, port: nil, promised: blob, found: nil)
        }
    }

    // MARK: Computing

    private func computeWithRetries(_ inputs: StageInputs) async throws -> StageOutputs {
        var retries = stage.execution.retries ?? 0
        var attempt = 1
        while true {
            observer(.stageStarted(stage: stage.name, attempt: attempt))
            do {
                return try await computeInTime(inputs)
            } catch let error where retries > 0 && isWorthRetrying(error) && !stop.isRaised {
                observer(.stageFailed(stage: stage.name, message: "\(named(error))", retries: retries))
                retries -= 1
                attempt += 1
            }
        }
    }

    /// What is damaged stays damaged however often it is read.
    private func isWorthRetrying(_ error: any Error) -> Bool {
        !(error is CancellationError) && (error as? ArtifactError)?.damage == nil
    }

    private func computeInTime(_ inputs: StageInputs) async throws -> StageOutputs {
        guard let limit = stage.execution.timeout else { return try await compute(inputs, stop: stop) }
        let timeLimit = TimeLimit(stage: stage.name, limit: limit, grace: options.grace, stop: stop)
        return try await timeLimit.perform { try await compute(inputs, stop: $0) }
    }

    private func compute(_ inputs: StageInputs, stop: StopSignal) async throws -> StageOutputs {
        let outputs = try await stage.execute(
            inputs, key: key.digest, in: store, execution: stage.execution.options(threads: threads), stop: stop,
            observer: observer)
        try check(outputs)
        return outputs
    }

    private var threads: Int {
        stage.definition.weight == .heavy ? options.threads ?? options.cores : 1
    }

    /// Everything declared is there, of its schema, and in the store.
    private func check(_ outputs: StageOutputs) throws {
        for port in stage.definition.outputs {
            guard let reference = outputs.artifacts[port.name] else {
                if port.isOptional { continue }
                throw PipelineError.outputNotGiven(stage: stage.name, port: port.name)
            }
            guard port.accepts(schema: reference.schema) else {
                throw PipelineError.outputOfWrongSchema(
                    stage: stage.name, port: port.name, wants: port.schema, holds: reference.schema)
            }
            guard store.exists(reference) else {
                throw PipelineError.outputNotStored(
                    stage: stage.name, port: port.name, digest: reference.digest)
            }
        }
        let declared = stage.definition.outputs.map(\.name)
        if let other = outputs.artifacts.keys.sorted().first(where: { !declared.contains($0) }) {
            throw PipelineError.outputUndeclared(
                stage: stage.name, port: other, schema: outputs.artifacts[other]?.schema ?? "")
        }
    }

    // MARK: Recording

    private func record(of outputs: StageOutputs, seconds: Double) -> StageRecord {
        var facts = options.facts
        facts["seconds"] = .number(seconds)
        facts["host"] = .string(ProcessInfo.processInfo.hostName)
        facts["threads"] = .integer(Int64(stage.execution.options(threads: threads).threads))
        facts["peakMemoryBytes"] = ProcessMemory.peak.map { .integer(Int64($0)) }
        facts["summary"] = outputs.summary
        return StageRecord(
            key: key.digest, preimage: key.preimage, kind: stage.kind.rawValue, stageName: stage.name,
            pipeline: pipeline, outputs: outputs.artifacts, blobs: outputs.blobs, facts: .object(facts),
            createdAt: Date.now.formatted(.iso8601))
    }
}

enum ProcessMemory {
    /// The most memory that this process has had at once, in bytes; nil where the system does not tell.
    static var peak: Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first }
            .flatMap { Int($0) }.map { $0 * 1024 }
    }
}
