public import Foundation

/// What came of making the index of a store anew from its records.
public struct IndexRebuild: Sendable, Equatable {
    public struct Difference: Sendable, Equatable {
        /// The name of the stage; empty where what the old index said of it cannot be read.
        public let stageName: String
        public let key: ContentDigest
    }

    /// What was wrong with the old index; nil where it was made anew because somebody asked for that.
    public internal(set) var cause: String?
    /// Where the old index now lies, relative to the store; nil where there was none.
    public internal(set) var keptAs: String?
    /// Why the old index could not be compared with the new one; nil where it could, or where there was none.
    public internal(set) var damage: String?
    /// Results that only the records knew.
    public internal(set) var added: [Difference] = []
    /// Results that only the old index knew, and that could not be written down again.
    public internal(set) var removed: [Difference] = []
    /// Results of which the old index said something else.
    public internal(set) var changed: [Difference] = []
}

extension ArtifactStore {
    /// Makes the index of the store at `root` anew from its records, and keeps the old one in `quarantine/`.
    ///
    /// Records whose files are lost or damaged are first written again from the old index, as far as it can be read.
    /// - Throws: `ArtifactError.storeMissing`; `.storeBusy` while anything runs on it; `.newerIndex`, `.newerRecord`, or
    ///   `.foreignIndex` for the database of another program, all having changed nothing.
    public static func rebuildIndex(_ root: URL) throws -> (store: ArtifactStore, rebuild: IndexRebuild) {
        let layout = StoreLayout(folder: root.absoluteURL.standardizedFileURL)
        guard try FileStatus(path: layout.records) != nil else { throw ArtifactError.storeMissing(path: layout.root) }
        let lock = try maintenanceLock(layout)
        defer { withExtendedLifetime(lock) {} }
        return try remakeIndex(of: root, layout)
    }

    /// Opens the store at `root` to work on it. An index that is damaged is made anew, as by `rebuildIndex`, unless
    /// another process does that just now.
    /// - Returns: the store, and what was done to its index, if anything.
    /// - Throws: `ArtifactError.damagedIndexInUse` while others run on the store; else as `open` and `rebuildIndex`.
    public static func openMending(_ root: URL) throws -> (store: ArtifactStore, rebuild: IndexRebuild?) {
        let layout = StoreLayout(folder: root.absoluteURL.standardizedFileURL)
        // Five seconds: whoever makes the index anew needs less, whoever computes a stage more.
        for _ in 0..<500 {
            if case .success(let store) = try openSound(root, layout) { return (store, nil) }
            try Folder.create(layout.locks)
            if let lock = try FileLock(path: layout.storeLock, mode: .exclusive) {
                defer { withExtendedLifetime(lock) {} }
                switch try openSound(root, layout) {
                // Who held the lock before made it anew.
                case .success(let store): return (store, nil)
                case .failure(let damage):
                    var (store, rebuild) = try remakeIndex(of: root, layout)
                    rebuild.cause = damage.reason
                    return (store, rebuild)
                }
            }
            usleep(10_000)
        }
        throw ArtifactError.damagedIndexInUse(path: layout.index)
    }

    private struct IndexDamage: Error {
        let reason: String
    }

    /// - Returns: the store, or what is wrong with its index.
    private static func openSound(
        _ root: URL, _ layout: StoreLayout
    ) throws -> Result<ArtifactStore, IndexDamage> {
        do {
            let store = try open(root, create: false)
            try store.index.checkPages()
            return .success(store)
        } catch ArtifactError.damagedIndex(_, let reason) {
            return .failure(IndexDamage(reason: reason))
        } catch ArtifactError.foreignIndex(let path, let reason) {
            // No database at all, beside records, is what is left of an index; elsewhere it may be anybody's file.
            let isLeft = try !IndexSchema.isDatabase(path) && FileStatus(path: layout.records) != nil
            guard isLeft else { throw ArtifactError.foreignIndex(path: path, reason: reason) }
            return .failure(IndexDamage(reason: reason))
        }
    }

    /// To be called under the exclusive lock of the store.
    private static func remakeIndex(
        of root: URL, _ layout: StoreLayout
    ) throws -> (store: ArtifactStore, rebuild: IndexRebuild) {
        // Records of a newer program must be noticed before anything is changed.
        var damaged: [String] = []
        _ = try RecordFile.readAll(in: layout.records, damaged: &damaged)
        var rebuild = IndexRebuild()
        let known = try knownRecords(layout, &rebuild)
        try rescue(known, layout)
        // The journal first: whoever reads meanwhile may make a new index, whose journal is to stay.
        let journal = layout.index + "-journal"
        if let size = try FileStatus(path: journal)?.size {
            if size > 0 { _ = try Quarantine(layout: layout).take(journal) } else { try Folder.removeFile(journal) }
        }
        if try FileStatus(path: layout.index) != nil {
            rebuild.keptAs = try Quarantine(layout: layout).take(layout.index)
        }
        let store = try open(root, create: false)
        if rebuild.damage == nil, rebuild.keptAs != nil { rebuild.compare(known, with: try store.index.records()) }
        return (store, rebuild)
    }

    /// What the old index knows; nothing, and a note, where it cannot be read.
    private static func knownRecords(
        _ layout: StoreLayout, _ rebuild: inout IndexRebuild
    ) throws -> [ContentDigest: String] {
        guard try FileStatus(path: layout.index) != nil else { return [:] }
        do {
            return try ArtifactIndex(path: layout.index) { RecordFile.Records() }.records()
        } catch let error as ArtifactError {
            switch error {
            case .newerIndex: throw error
            case .foreignIndex where try IndexSchema.isDatabase(layout.index): throw error
            case .damagedIndex(_, let reason), .foreignIndex(_, let reason), .index(_, let reason):
                rebuild.damage = reason
            default: rebuild.damage = "\(error)"
            }
            return [:]
        }
    }

    private static func rescue(_ known: [ContentDigest: String], _ layout: StoreLayout) throws {
        for (key, text) in known where (try? RecordFile.decode(text.utf8, path: layout.index)) != nil {
            let path = layout.record(key)
            let place = RecordFile.Place(path: path, key: key, isDivergence: false)
            if (try? place.record(in: ReadableFile.contents(of: path))) == nil {
                try RecordFile.write(text, to: path, in: layout)
            }
        }
    }
}

extension IndexRebuild {
    /// Takes down in which results the texts of two indexes differ.
    fileprivate mutating func compare(_ old: [ContentDigest: String], with new: [ContentDigest: String]) {
        func result(_ key: ContentDigest, _ text: String?) -> Difference {
            let record = text.flatMap { try? RecordFile.decode($0.utf8, path: StoreProblem.index) }
            return Difference(stageName: record?.stageName ?? "", key: key)
        }
        let order: (Difference, Difference) -> Bool = { ($0.stageName, $0.key) < ($1.stageName, $1.key) }
        added = new.filter { old[$0.key] == nil }.map(result).sorted(by: order)
        removed = old.filter { new[$0.key] == nil }.map(result).sorted(by: order)
        changed = new.filter { key, text in old[key].map { $0 != text } ?? false }.map(result).sorted(by: order)
    }
}
