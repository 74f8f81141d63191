import Artifacts
import Foundation
import Pipeline
import Synchronization

/// Runs single stages in a store of their own, as the executor would.
final class StageHarness {
    let store: ArtifactStore
    private let root: URL
    private(set) var warnings: [String] = []

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

    /// - Parameter execution: must never change a digest.
    func run<S: Stage>(
        _ type: S.Type, _ connections: [String: [ArtifactReference]], seed: UInt64 = 1,
        execution: ExecutionOptions = ExecutionOptions(), _ change: (inout S.Parameters) -> Void = { _ in }
    ) async throws -> StageOutputs {
        var parameters = S.Parameters()
        change(&parameters)
        let stage = try S(parameters: parameters)
        // A key of its own for each run, so that none finds another's shards.
        let key = ContentDigest(hashing: Array(UUID().uuidString.utf8))
        let heard = Mutex<[String]>([])
        let context = StageContext(
            stageName: S.kind.rawValue, outputs: S.outputs, seed: SeedPath(root: seed).child(S.kind.rawValue),
            execution: execution, store: store, staging: try store.staging(for: key)
        ) { event in
            if case .warning(_, let text) = event { heard.withLock { $0.append(text) } }
        }
        defer { warnings += heard.withLock { $0 } }
        return try await stage.run(inputs: StageInputs(store: store, connections: connections), context: context)
    }
}
