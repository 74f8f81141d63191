public import Foundation

extension ArtifactStore {
    /// Runs `body` with the store at `root`, made where there is none; one that was made for it goes again where `body`
    /// throws, unless somebody else has begun to use it.
    /// - Throws: as `open`; whatever `body` throws.
    public static func withStore<Result>(
        at root: URL, isolation: isolated (any Actor)? = #isolation, _ body: (ArtifactStore) async throws -> Result
    ) async throws -> Result {
        let layout = StoreLayout(folder: root.absoluteURL.standardizedFileURL)
        var made: [String] = []
        var folder = layout.root
        while try FileStatus(path: folder) == nil {
            made.append(folder)
            folder = Folder.parent(of: folder)
        }
        let isNew = try FileStatus(path: layout.index) == nil && FileStatus(path: layout.records) == nil
        let store = try open(root, create: true)
        do {
            return try await body(store)
        } catch {
            if isNew { try? store.removeUnused(layout, folders: made) }
            throw error
        }
    }

    /// Removes the store if it holds nothing, and of `folders`, the innermost first, those that are empty then.
    private func removeUnused(_ layout: StoreLayout, folders: [String]) throws {
        let lock = try Self.maintenanceLock(layout)
        defer { withExtendedLifetime(lock) {} }
        try index.checkPlace()
        let holding = [layout.objects, layout.blobs, layout.records, layout.staging, layout.runs, layout.pins]
        guard try holding.allSatisfy({ try Folder.names(in: $0).isEmpty }) else { return }
        // What is not ours stays, and the folders above it.
        for path in [layout.index, layout.index + "-journal"] { try Folder.removeFile(path) }
        for path in layout.folders.dropFirst() + [layout.isolated] { try Folder.removeTree(path) }
        for path in [Folder.parent(of: layout.objects), Folder.parent(of: layout.blobs)] + folders {
            try FileSystem.removeFolder(path)
        }
    }
}
