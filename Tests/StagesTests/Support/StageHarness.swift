import Artifacts
import Foundation
import Pipeline
import Synchronization

/// Runs single stages in a store of their own, as the executor would.
final class StageHarness {
    let store: ArtifactStore
    private let root: URL
    private(set) var warnings: [String] = []
    /// Called with the number of each report of progress of a run, from 1, before the run may be stopped.
    var onProgress: @Sendable (Int) -> Void = { _ in }

    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "stage-harness-\(UUID().uuidString)")
        store = try ArtifactStore.open(root, create: true)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    func blob(_ text: String) throws -> ArtifactReference { try store.ingest(bytes: Array(text.utf8)) }

    func blob(file: URL) throws -> ArtifactReference { try store.ingest(file: file, expected: nil) }

    func artifact<R: Record>(_ rows: [R]) throws -> ArtifactReference {
        let writer = try store.writer(of: R.self)
        try writer.append(contentsOf: rows)
        return try writer.finish()
    }

    func rows<R: Record>(_ outputs: StageOutputs, _ port: String, as type: R.Type) throws -> [R] {
        guard let reference = outputs.artifacts[port] else { throw MissingOutput(port: port) }
        return try store.reader(reference, as: type).all()
    }

    struct MissingOutput: Error { let port: String }

    private static func stageKey(_ key: String) -> ContentDigest { ContentDigest(hashing: Array(key.utf8)) }

    /// Where the pieces of the stage run under `key` are.
    func stagingFolder(_ key: String) -> URL { store.root.appending(path: "staging/\(Self.stageKey(key).hex)") }

    /// - Parameters:
    ///   - execution: must never change a digest.
    ///   - key: names the staging folder; a second run with the same one goes on where the first was stopped.
    ///   - stopAfter: ends the run in good order after so many reports of progress.
    func run<S: Stage>(
        _ type: S.Type, _ connections: [String: [ArtifactReference]], seed: UInt64 = 1,
        execution: ExecutionOptions = ExecutionOptions(), key: String = UUID().uuidString, stopAfter: Int = .max,
        _ change: (inout S.Parameters) -> Void = { _ in }
    ) async throws -> StageOutputs {
        var parameters = S.Parameters()
        change(&parameters)
        let stage = try S(parameters: parameters)
        let heard = Mutex<[String]>([])
        let stop = StopSignal(), reports = Mutex(0), onProgress = onProgress
        let context = StageContext(
            stageName: S.kind.rawValue, outputs: S.outputs, seed: SeedPath(root: seed).child(S.kind.rawValue),
            execution: execution, store: store,
            staging: try store.staging(for: Self.stageKey(key)), stop: stop
        ) { event in
            switch event {
            case .warning(_, let text): heard.withLock { $0.append(text) }
            case .progress:
                let count = reports.withLock { count in
                    count += 1
                    return count
                }
                onProgress(count)
                if count >= stopAfter { stop.raise() }
            default: break
            }
        }
        defer { warnings += heard.withLock { $0 } }
        return try await stage.run(inputs: StageInputs(store: store, connections: connections), context: context)
    }
}
