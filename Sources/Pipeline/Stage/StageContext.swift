public import Artifacts
public import Foundation

/// What a running stage may reach besides its inputs: its random numbers, its output writers, its staging folder, and
/// the ways to report and to stop.
public struct StageContext: Sendable {
    /// The root of this stage's random numbers: `seed / kind`. Of no use to a stage with `usesSeed == false`.
    public let seed: SeedPath
    public let execution: ExecutionOptions
    /// Where shards and training checkpoints survive a killed process, under this stage's key.
    public let staging: StagingFolder

    let stageName: String
    private let outputs: [Port]
    private let store: ArtifactStore
    let stop: StopSignal
    private let observer: RunObserver

    /// - Parameters:
    ///   - stageName: the stage's name in the plan, for reports only.
    ///   - outputs: the ports that writers may be opened for.
    ///   - seed: the plan's seed and the stage's kind, joined.
    ///   - stop: raised to end the stage in good order.
    ///   - observer: called with each event, on whichever thread the stage reports from.
    public init(
        stageName: String, outputs: [Port], seed: SeedPath, execution: ExecutionOptions, store: ArtifactStore,
        staging: StagingFolder, stop: StopSignal = StopSignal(), observer: @escaping RunObserver = { _ in }
    ) {
        self.stageName = stageName
        self.outputs = outputs
        self.seed = seed
        self.execution = execution
        self.store = store
        self.staging = staging
        self.stop = stop
        self.observer = observer
    }

    // MARK: Writing

    /// A writer of rows for the output `port`; its `finish()` gives the artifact to put into `StageOutputs`.
    /// - Throws: `PipelineError.outputUndeclared` where the stage has no such port for rows of `R`.
    public func writer<R: Record>(_ port: String, of type: R.Type) throws -> RecordWriter<R> {
        guard let declared = outputs.first(where: { $0.name == port }),
            declared.accepts(schema: R.schema.description)
        else {
            throw PipelineError.outputUndeclared(stage: stageName, port: port, schema: R.schema.description)
        }
        return try store.writer(of: type)
    }

    /// Writes `rows` as the whole of the output `port`.
    public func write<R: Record>(_ rows: [R], to port: String) throws -> ArtifactReference {
        let writer = try writer(port, of: R.self)
        do {
            for row in rows { try writer.append(row) }
            return try writer.finish()
        } catch {
            writer.cancel()
            throw error
        }
    }

    /// A writer of raw bytes. The blob is to be named in `StageOutputs.blobs`.
    public func blobWriter() throws -> BlobWriter { try store.blobWriter() }

    /// Stores `bytes` as a blob, to be named in `StageOutputs.blobs`.
    public func storeBlob(_ bytes: [UInt8]) throws -> ArtifactReference { try store.ingest(bytes: bytes) }

    /// The file of a blob that an input names, compared with its name.
    /// - Throws: `ArtifactError.missingObject`, `.digestMismatch`.
    public func blobURL(_ digest: ContentDigest) throws -> URL { try store.blobURL(digest) }

    // MARK: Reporting

    /// Reports that `done` of `total` units (`"rows"`, `"steps"`) are finished; nil where the total is unknown.
    public func progress(_ done: Int, of total: Int?, unit: String, note: String? = nil) {
        observer(.progress(StageProgress(stage: stageName, done: done, total: total, unit: unit, note: note)))
    }

    /// Tells the user of something that does not stop the stage, such as an empty input.
    public func warn(_ text: String) {
        observer(.warning(stage: stageName, text: text))
    }

    /// Reports numbers of the moment, such as the loss of a training step.
    public func note(_ metrics: [String: Double]) {
        observer(.metrics(stage: stageName, values: metrics))
    }

    func report(_ event: RunEvent) { observer(event) }

    // MARK: Stopping

    /// Ends the stage in good order when the run is being stopped: call it at each record or step, with everything
    /// worth keeping already in staging.
    ///
    /// Within `shards` it waits for the end of the shard under way, unless the run is stopped at once.
    /// - Throws: `CancellationError`.
    public func checkCancellation() throws {
        try Task.checkCancellation()
        if stop.isRaised, !ShardScope.isInsideShard { throw CancellationError() }
    }
}
