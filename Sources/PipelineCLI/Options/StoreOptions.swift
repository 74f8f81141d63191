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
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue {
            throw CommandError.storeIsFile(path)
        }
        return try ArtifactStore.open(url, create: create)
    }

    /// What to add to a command so that it finds the same store.
    var arguments: [String] { store.map { ["--store", $0] } ?? [] }
}

/// Whether a command writes for a program.
struct JSONOption: ParsableArguments {
    @Flag(help: "Write JSON for programs; its 'schema' field names its shape.")
    var json = false
}
