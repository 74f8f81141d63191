public import Foundation

extension ArtifactStore {
    /// Runs `body` with an empty store on the same file system, which is gone afterwards.
    /// - Throws: as `withIsolatedFolder`.
    public func withIsolatedStore<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (ArtifactStore) async throws -> Result
    ) async throws -> Result {
        try await withIsolatedFolder { try await body(ArtifactStore.open($0, create: true)) }
    }

    /// Runs `body` with an empty folder on the same file system, which is gone afterwards.
    ///
    /// While it lasts maintenance is kept from this store. One at a time: what a process that died left is removed.
    /// - Throws: `ArtifactError.storeBusy` while maintenance or another such folder is in use; whatever `body` throws.
    public func withIsolatedFolder<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (URL) async throws -> Result
    ) async throws -> Result {
        let lock = try sharedLock()
        guard let own = try FileLock(path: layout.locks + "/isolated", mode: .exclusive) else {
            throw ArtifactError.storeBusy(path: layout.isolated)
        }
        defer { withExtendedLifetime((lock, own)) {} }
        try Folder.removeTree(layout.isolated)
        defer { try? Folder.removeTree(layout.isolated) }
        try Folder.create(layout.isolated)
        return try await body(URL(filePath: layout.isolated, directoryHint: .isDirectory))
    }
}

extension StoreLayout {
    /// Where an audit computes and an import unpacks; no part of the store.
    var isolated: String { root + "/isolated" }
}
