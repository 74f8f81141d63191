public import Artifacts
internal import Foundation

/// Executes stages again, apart from the store that holds their results, and compares.
///
/// Each stage gets its inputs in an empty store beside the one that is audited, so that nothing of an earlier result can
/// be reused and nothing wrong can get into it.
public struct StageAuditor: Sendable {
    private let plan: PipelinePlan
    private let forecasts: [String: StageForecast]
    private let store: ArtifactStore
    private let options: AuditOptions
    private let stop: StopSignal
    private let observer: RunObserver

    /// - Parameter observer: called with the progress of the stages.
    public init(
        plan: PipelinePlan, forecast: PlanForecast, store: ArtifactStore, options: AuditOptions,
        stop: StopSignal = StopSignal(), observer: @escaping RunObserver = { _ in }
    ) {
        self.plan = plan
        forecasts = Dictionary(forecast.stages.map { ($0.name, $0) }) { first, _ in first }
        self.store = store
        self.options = options
        self.stop = stop
        self.observer = observer
    }

    /// Executes the stage `name` of the plan again and compares every output.
    /// - Throws: `CancellationError` when it is to stop; `ArtifactError` where the isolated store cannot be made.
    public func audit(_ name: String) async throws -> StageAudit {
        guard let forecast = forecasts[name] else {
            throw PipelineError.noSuchStage(name, hint: NameHint(for: name, among: plan.graph.names))
        }
        let clock = ContinuousClock()
        let start = clock.now
        func audit(_ outcome: StageAudit.Outcome, _ sample: RowSample? = nil) -> StageAudit {
            StageAudit(
                stage: name, kind: forecast.stage.kind, outcome: outcome,
                sample: sample.map { ($0.positions.count, $0.total) }, seconds: (clock.now - start) / .seconds(1))
        }
        guard let record = forecast.record, let key = forecast.key else {
            return audit(.noResult(reason: forecast.reason))
        }
        return try await store.withIsolatedStore { isolated in
            do {
                let sample = try sample(of: forecast, record)
                let inputs = try inputs(of: forecast, sample, into: isolated)
                let outputs = try await forecast.stage.execute(
                    inputs, key: key.digest, in: isolated, execution: options.execution, stop: stop,
                    observer: observer)
                return audit(.compared(try compare(record, with: outputs, in: isolated, sample)), sample)
            } catch let error as ArtifactError where error.damage != nil {
                // The isolated store is gone when this is read; its files are further names of those of the store.
                let isolatedRoot = isolated.root.path(percentEncoded: false)
                let root = store.root.path(percentEncoded: false)
                return audit(.damaged(message: "\(error)".replacing(isolatedRoot, with: root)))
            } catch let error where !(error is CancellationError) {
                return audit(.failed(message: "\(error)"))
            }
        }
    }

    // MARK: Inputs

    /// Which rows of the row-wise input are worked on; nil for all of them.
    private func sample(of forecast: StageForecast, _ record: StageRecord) throws -> RowSample? {
        guard options.share < 1, let port = try forecast.stage.rowPort(),
            let references = forecast.inputs[port], Set(references.map(\.schema)).count == 1,
            let output = record.outputs.first, record.outputs.count == 1
        else { return nil }
        let total = references.reduce(0) { $0 + $1.rows }
        // A stage that left rows out cannot be told which of them are which.
        guard total > 0, output.value.rows > 0, output.value.rows.isMultiple(of: total) else { return nil }
        return RowSample(
            port: port, total: total, perRow: output.value.rows / total, share: options.share,
            seed: SeedPath(root: options.seed).child("audit", forecast.name))
    }

    private func inputs(
        of forecast: StageForecast, _ sample: RowSample?, into isolated: ArtifactStore
    ) throws -> StageInputs {
        var connections = forecast.inputs
        for connection in forecast.stage.connections {
            let port = connection.port.name
            if let sample, sample.port == port, let references = connections[port], let first = references.first {
                let all = try references.flatMap { try rows(of: $0, in: store) }
                let chosen = sample.positions.map { all[$0] }
                connections[port] = [try isolated.write(rows: chosen, schema: first.schema)]
                continue
            }
            for origin in connection.origins { try bring(origin, connections[port] ?? [], into: isolated) }
        }
        return StageInputs(store: isolated, connections: connections)
    }

    /// Brings what flows from `origin` into the isolated store: from outside again, or as another stage left it.
    private func bring(_ origin: InputOrigin, _ references: [ArtifactReference], into isolated: ArtifactStore) throws
    {
        switch origin {
        case .source(let name):
            guard let source = plan.source(named: name) else { return }
            for reference in references { _ = try SourceReader.ingest(source, as: reference, into: isolated) }
        case .output(let stage, let port):
            guard let record = forecasts[stage]?.record, let output = record.outputs[port] else { return }
            try isolated.adopt(output, from: store)
            for blob in record.blobs { try isolated.adopt(blob: blob, from: store) }
        }
    }

    private func rows(of reference: ArtifactReference, in store: ArtifactStore) throws -> [JSONValue] {
        var rows: [JSONValue] = []
        try store.rowReader(reference).forEach { rows.append($0) }
        return rows
    }

    // MARK: Comparing

    private func compare(
        _ record: StageRecord, with outputs: StageOutputs, in isolated: ArtifactStore, _ sample: RowSample?
    ) throws -> [AuditedOutput] {
        // What is compared must be what the record says.
        for output in record.outputs.values { try store.verify(output) }
        for blob in record.blobs { _ = try store.blobURL(blob) }
        return try Set(record.outputs.keys).union(outputs.artifacts.keys).sorted().map { port in
            guard let stored = record.outputs[port], let computed = outputs.artifacts[port] else {
                let difference = RowDifference(
                    row: 0, path: "", stored: record.outputs[port].map { .string($0.digest.hex) },
                    computed: outputs.artifacts[port].map { .string($0.digest.hex) })
                return AuditedOutput(port: port, rows: 0, verdict: .different(difference))
            }
            guard sample != nil || stored.digest != computed.digest else {
                return AuditedOutput(port: port, rows: stored.rows, verdict: .identical)
            }
            let positions = sample?.outputPositions ?? Array(0..<stored.rows)
            let all = try rows(of: stored, in: store)
            let verdict = comparison(in: isolated).verdict(
                stored: positions.map { all[$0] }, computed: try rows(of: computed, in: isolated),
                positions: positions)
            return AuditedOutput(port: port, rows: positions.count, verdict: verdict)
        }
    }

    private func comparison(in isolated: ArtifactStore) -> RowComparison {
        RowComparison(tolerance: options.tolerance) { [options, store] stored, computed in
            guard let first = try? store.blobURL(stored), let second = try? isolated.blobURL(computed) else {
                return nil
            }
            return options.blobDifference(first, second)
        }
    }
}

/// Some rows of an input whose rows are worked on one by one.
private struct RowSample {
    let port: String
    let total: Int
    /// Rows of the output that each gives.
    let perRow: Int
    /// In ascending order, from 0.
    let positions: [Int]

    init(port: String, total: Int, perRow: Int, share: Double, seed: SeedPath) {
        self.port = port
        self.total = total
        self.perRow = perRow
        let count = max(1, Int((Double(total) * share).rounded()))
        // The first in an order that follows from the seed alone.
        positions = (0..<total).map { ($0, seed.child(String($0)).key) }.sorted { $0.1 < $1.1 }
            .prefix(count).map(\.0).sorted()
    }

    /// Where the rows that they give stand in the output.
    var outputPositions: [Int] { positions.flatMap { $0 * perRow..<($0 + 1) * perRow } }
}
