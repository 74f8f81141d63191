internal import Artifacts
internal import Foundation
internal import Pipeline

/// A whole run for another machine: the results it used and made, with a statement of where they come from.
struct RunExport {
    private let store: ArtifactStore
    private let run: RunListing
    private let records: [StageRecord]

    /// - Parameter name: the run, or how its name begins.
    /// - Throws: `CommandError.unfinishedRun` where a stage of it has no result; `.collectedResult` where the store no
    ///   longer has it, `.replacedResult` where it has another one.
    init(_ name: String, store: ArtifactStore) throws {
        self.store = store
        run = try PastRun.listing(name, in: store)
        let results = run.summary?["results"]?.arrayValue ?? []
        guard !results.isEmpty else { throw CommandError.unfinishedRun(run.id, stage: nil) }
        records = try results.map { [run, store] result in
            let key = result["key"]?.stringValue.flatMap { ContentDigest(hex: $0) }
            guard let record = try key.flatMap({ try store.stageRecord(for: $0) }) else {
                let stage = result["name"]?.stringValue
                guard let stage, let outcome = result["outcome"]?.stringValue, ["cached", "ran"].contains(outcome)
                else { throw CommandError.unfinishedRun(run.id, stage: stage) }
                throw CommandError.collectedResult(run.id, stage: stage)
            }
            let promised = (result["outputs"]?.objectValue ?? [:]).compactMapValues { $0["digest"]?.stringValue }
            guard promised == record.outputs.mapValues(\.digest.hex) else {
                throw CommandError.replacedResult(run.id, stage: record.stageName)
            }
            return record
        }
    }

    var name: String { run.id }

    private var provenance: ProvenanceStatement { ProvenanceStatement(run: run, records: records) }

    func writeStatement(to path: String) throws {
        try Data(CanonicalJSON.encode(provenance.json) + [UInt8(ascii: "\n")]).write(
            to: URL(filePath: path), options: .withoutOverwriting)
    }

    /// A tar file laid out as a store, with `provenance.json` beside.
    func writeArchive(to path: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "export-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try writeStatement(to: folder.appending(path: "provenance.json").path(percentEncoded: false))
        let log = ["plan.json", "command.json", "events.jsonl", "summary.json"].filter {
            FileManager.default.fileExists(atPath: run.folder.appending(path: $0).path(percentEncoded: false))
        }.map { "runs/\(run.id)/\($0)" }
        try TarArchive(path: path).write([
            (folder, ["provenance.json"]), (store.root, try store.files(of: records.map(\.key)) + log),
        ])
    }
}
