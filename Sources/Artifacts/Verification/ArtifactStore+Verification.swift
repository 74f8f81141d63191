public import Foundation

extension ArtifactStore {
    /// Compares everything in the store with what its records and its index say.
    ///
    /// It changes nothing and takes no lock: what a run under way has not committed yet shows as orphaned.
    /// - Parameter generator: chooses the files of a share.
    /// - Throws: `ArtifactError.newerRecord`; `.system` where a folder cannot be listed.
    public func report(
        reading share: VerifiedShare, generator: inout some RandomNumberGenerator
    ) throws -> StoreReport {
        try StoreVerifier.report(layout: layout, index: index, reading: share, generator: &generator)
    }

    /// Puts right what can be: damaged files go to `quarantine/`, and records are written again from the index.
    ///
    /// No result is made up: a stage that lost a file counts as not done, and the next run does it again.
    /// - Returns: what was found, what was done, and what is then left.
    /// - Throws: `ArtifactError.storeBusy` while anything runs on the store; else as `report`.
    public func repair(
        reading share: VerifiedShare, generator: inout some RandomNumberGenerator
    ) throws -> (found: StoreReport, repairs: [StoreRepair], left: StoreReport) {
        let lock = try Self.maintenanceLock(layout)
        defer { withExtendedLifetime(lock) {} }
        let found = try report(reading: share, generator: &generator)
        let repairer = StoreRepairer(layout: layout, index: index)
        let repairs = try found.problems.compactMap(repairer.repair)
        return (found, repairs, try report(reading: .none, generator: &generator))
    }

    /// Makes the index of the store at `root` anew from its records, and keeps the old one in `quarantine/`.
    ///
    /// Records whose files are lost or damaged are first written again from the old index, as far as it can be read.
    /// - Throws: `ArtifactError.storeMissing`; `.storeBusy` while anything runs on it; `.newerIndex`, `.newerRecord`, or
    ///   `.foreignIndex` for the database of another program, all having changed nothing.
    public static func rebuildIndex(_ root: URL) throws -> ArtifactStore {
        let layout = StoreLayout(folder: root.absoluteURL.standardizedFileURL)
        guard try FileStatus(path: layout.records) != nil else { throw ArtifactError.storeMissing(path: layout.root) }
        let lock = try maintenanceLock(layout)
        defer { withExtendedLifetime(lock) {} }
        var damaged: [String] = []
        _ = try RecordFile.readAll(in: layout.records, damaged: &damaged)
        try rescueRecords(layout)
        for path in [layout.index, layout.index + "-journal"] where try FileStatus(path: path) != nil {
            _ = try Quarantine(layout: layout).take(path)
        }
        return try open(root, create: false)
    }

    private static func rescueRecords(_ layout: StoreLayout) throws {
        guard try FileStatus(path: layout.index) != nil else { return }
        let known: [ContentDigest: String]
        do {
            known = try ArtifactIndex(path: layout.index) { RecordFile.Records() }.records()
        } catch let error as ArtifactError {
            switch error {
            case .newerIndex: throw error
            case .foreignIndex where try IndexSchema.isDatabase(layout.index): throw error
            default: return  // It cannot be read, which is why it is made anew.
            }
        }
        for (key, text) in known where (try? RecordFile.decode(text.utf8, path: layout.index)) != nil {
            let path = layout.record(key)
            let place = RecordFile.Place(path: path, key: key, isDivergence: false)
            if (try? place.record(in: ReadableFile.contents(of: path))) == nil {
                try RecordFile.write(text, to: path, in: layout)
            }
        }
    }

    static func maintenanceLock(_ layout: StoreLayout) throws -> FileLock {
        guard let lock = try FileLock(path: layout.storeLock, mode: .exclusive) else {
            throw ArtifactError.storeBusy(path: layout.root)
        }
        return lock
    }
}
