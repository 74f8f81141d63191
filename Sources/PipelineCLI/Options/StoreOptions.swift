internal import ArgumentParser
internal import Artifacts
internal import Foundation

/// Which store a command works on.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The artifact store. Without it: PIPELINE_STORE, or 'artifacts' in the working folder.",
            valueName: "dir"))
    var store: String?

    var url: URL {
        let named = store ?? ProcessInfo.processInfo.environment["PIPELINE_STORE"].flatMap { $0.isEmpty ? nil : $0 }
        return URL(filePath: named ?? "artifacts", directoryHint: .isDirectory)
    }

    /// The store as the user would name it.
    var path: String { url.relativePath }

    func validate() throws {
        if store?.isEmpty == true { throw ValidationError("--store is empty; name a folder") }
    }

    /// Opens the store.
    /// - Parameter create: whether to make it where there is none.
    func open(create: Bool = false) throws -> ArtifactStore {
        try checkFolder()
        return try ArtifactStore.open(url, create: create)
    }

    /// - Throws: `CommandError.storeIsFile`.
    func checkFolder() throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue {
            throw CommandError.storeIsFile(path)
        }
    }

    /// Opens the store to work on it, and says so where its index had to be made anew; nil where there is none yet.
    func openMending() throws -> ArtifactStore? {
        try checkFolder()
        do {
            let (store, rebuild) = try ArtifactStore.openMending(url)
            if let rebuild { Console.note(warning(rebuild, store)) }
            return store
        } catch ArtifactError.storeMissing {
            return nil
        }
    }

    private func warning(_ rebuild: IndexRebuild, _ store: ArtifactStore) -> String {
        let reason = rebuild.cause ?? "it was lost"
        let kept = rebuild.keptAs.map { "; the old one is kept as '\(path)/\($0)'" } ?? ""
        let lost = store.damagedRecords.count
        let records = lost > 0 ? "; \(Quantities.count(lost, "record")) cannot be read, their stages run again" : ""
        return DisplayText.harmless(
            "warning: the index of store '\(path)' was damaged (\(reason)) and is made anew from its records\(kept)\(records)"
        )
    }

    /// What to add to a command so that it finds the same store.
    var arguments: [String] { store.map { ["--store", $0] } ?? [] }
}

/// Whether a command writes for a program.
struct JSONOption: ParsableArguments {
    @Flag(help: "Write JSON for programs; its 'schema' field names its shape.")
    var json = false
}
