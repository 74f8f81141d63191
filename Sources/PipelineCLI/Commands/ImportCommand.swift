internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Pipeline
internal import Stages

/// `pipeline import`.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take in the results of a run that was exported elsewhere.",
        discussion: """
            Every result is compared with its digests, byte by byte, before anything is taken in. The next run of the \
            same pipeline reuses what came, and names such as m3.pairs stand for it. A result that is here already \
            stays; where the two differ, that is told. Where it fails, nothing was taken in, and no store made.
            """)

    @Argument(help: ArgumentHelp("The file that 'export --format tar' wrote.", valueName: "tar"))
    var archive: String
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        guard FileManager.default.fileExists(atPath: archive) else { throw CommandError.noFile(archive) }
        try storeOptions.checkFolder()
        let transfer = try await ArtifactStore.withStore(at: storeOptions.url) { store in
            try await store.withIsolatedFolder { try takeIn($0, into: store) }
        }
        if output.json {
            try Console.print(json: [
                "schema": "pipeline.import/1", "accepted": .integer(Int64(transfer.accepted)),
                "known": .integer(Int64(transfer.known)),
                "diverged": .array(transfer.diverged.map { .string($0) }),
            ])
        } else {
            try Console.print(Self.text(of: transfer))
        }
    }

    /// Unpacks the archive into `folder` and takes in what it holds.
    private func takeIn(_ folder: URL, into store: ArtifactStore) throws -> ArtifactStore.Transfer {
        try TarArchive(path: archive).unpack(into: folder)
        guard FileManager.default.fileExists(atPath: folder.appending(path: "records").path) else {
            throw CommandError.archive(archive, reason: "it holds no records")
        }
        // An index that came along would be believed; one made from the records cannot lie.
        try? FileManager.default.removeItem(at: folder.appending(path: "index.sqlite"))
        let other = try ArtifactStore.open(folder, create: false)
        let transfer = try takeIn(other, into: store)
        for run in try other.runs() { try store.remember(run) }
        return transfer
    }

    private func takeIn(_ other: ArtifactStore, into store: ArtifactStore) throws -> ArtifactStore.Transfer {
        do {
            return try store.takeIn(other) { try Self.check($0, of: other) }
        } catch let error as ArtifactError {
            throw named(error)
        }
    }

    /// A record may only answer the key that follows from what it says, with what a stage of its kind gives, whole.
    private static func check(_ record: StageRecord, of other: ArtifactStore) throws {
        let ports = StandardStages.registry[StageKind(rawValue: record.kind)]?.outputs ?? []
        for port in ports {
            guard let output = record.outputs[port.name] else { continue }
            let files =
                output.schema == CheckpointFile.schema.description
                ? try other.reader(output, as: CheckpointFile.self).all().map(\.digest) : []
            guard port.accepts(schema: output.schema), Set(files).isSubset(of: record.blobs) else {
                throw CommandError.forgedRecord(stage: record.stageName, key: record.key.short)
            }
        }
        guard StageKey.isKey(of: record) else {
            throw CommandError.forgedRecord(stage: record.stageName, key: record.key.short)
        }
    }

    /// Damage is that of the archive: where it was unpacked is of no use to anybody.
    private func named(_ error: ArtifactError) -> any Error {
        switch error {
        case .damagedFile(let path, let reason): damage(path, reason)
        case .digestMismatch(let path, _, let found): damage(path, "it hashes to '\(found.short)'")
        case .missingObject(let path): damage(path, "it is missing")
        default: error
        }
    }

    private func damage(_ path: String, _ reason: String) -> CommandError {
        .damagedArchive(archive, file: URL(filePath: path).lastPathComponent, reason: reason)
    }

    private static func text(of transfer: ArtifactStore.Transfer) -> String {
        var parts = ["took in \(Quantities.count(transfer.accepted, "result"))"]
        if transfer.known > 0 { parts.append("\(transfer.known) were here already") }
        if !transfer.diverged.isEmpty {
            let names = transfer.diverged.map { "'\(DisplayText.harmless($0))'" }.joined(separator: ", ")
            parts.append("those of \(names) differ from the ones here, which stand")
        }
        return parts.joined(separator: "; ")
    }
}
