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

    /// Opens the store, which must be there.
    func open() throws -> ArtifactStore { try ArtifactStore.open(url, create: false) }

    /// What to add to a command so that it finds the same store.
    var suffix: String { store.map { " --store \($0)" } ?? "" }
}

/// Whether a command writes for a program.
struct JSONOption: ParsableArguments {
    @Flag(help: "Write JSON for programs; its 'schema' field names its shape.")
    var json = false
}
