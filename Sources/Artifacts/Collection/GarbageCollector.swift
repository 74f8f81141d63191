public import Foundation

/// What collecting a store keeps and why, and what it removes.
public struct CollectionPlan: Sendable {
    /// What keeps results, and each reason for it.
    public internal(set) var roots: [CollectionRoot] = []
    /// Results that nothing keeps, the oldest first.
    public internal(set) var results: [StageRecord] = []
    /// How many results stay.
    public internal(set) var keptResults = 0
    /// Objects and blobs that go.
    public internal(set) var files = 0
    /// Unfinished attempts that no kept run was about to finish.
    public internal(set) var attempts = 0
    /// Bytes on the disk of all that goes.
    public internal(set) var bytes = 0
    /// Bytes on the disk of the objects and blobs that stay.
    public internal(set) var keptBytes = 0

    /// In the order in which it is removed: record files before the objects and blobs that they name, then what can be
    /// made again.
    var paths: [String] = []

    public var isEmpty: Bool { paths.isEmpty && results.isEmpty }
}

extension ArtifactStore {
    /// What collecting would remove now. It changes nothing and takes no lock.
    ///
    /// - Parameter forgotten: pipelines whose runs and names keep nothing any more.
    /// - Throws: `ArtifactError.damagedFile` where a record or a pin cannot be read, so that what it holds is not known.
    public func collectionPlan(
        keeping retention: Retention, forgetting forgotten: Set<String> = [], now: Date = .now
    ) throws -> CollectionPlan {
        let records = try index.acceptedRecords()
        var plan = CollectionPlan()
        let runs = try keptRuns(retention, now: now).filter { !forgotten.contains($0.run.pipeline) }
        plan.roots = runs.map { kept in
            CollectionRoot(
                kind: .run, name: kept.run.id, reason: "\(kept.reason) '\(kept.run.pipeline)'", keys: kept.run.keys)
        }
        plan.roots += try pinRoots(among: records)
        plan.roots += try nameRoots(forgetting: forgotten)

        let keys = plan.roots.reduce(into: Set<ContentDigest>()) { $0.formUnion($1.keys) }
        let kept = records.filter { keys.contains($0.key) }
        plan.keptResults = kept.count
        plan.results = records.values.filter { !keys.contains($0.key) }
            .sorted { ($0.createdAt, $0.key) < ($1.createdAt, $1.key) }
        plan.paths = try RecordFile.places(in: layout.records).filter { kept[$0.key] == nil }.map { place in
            // What the index does not know may be a damaged result that a root demands: that is for `verify`.
            if records[place.key] == nil { _ = try place.record(in: ReadableFile.contents(of: place.path)) }
            return place.path
        }
        try addFiles(
            to: &plan,
            besides: NamedContent(
                of: kept.values, leftovers: runs.reduce(into: []) { $0.formUnion($1.run.outputs) }, layout: layout))
        try addRowIndexes(to: &plan)
        if try FileStatus(path: layout.isolated) != nil {
            plan.bytes += try Folder.size(layout.isolated)
            plan.paths.append(layout.isolated)
        }
        try addStaging(to: &plan, besides: keys)
        return plan
    }

    /// Removes what nothing keeps: from the index first, so that a death on the way leaves files that nothing names.
    /// - Returns: what was removed.
    /// - Throws: `ArtifactError.storeBusy` while anything runs on the store; else as `collectionPlan`.
    public func collect(
        keeping retention: Retention, forgetting forgotten: Set<String> = [], now: Date = .now
    ) throws -> CollectionPlan {
        let lock = try Self.maintenanceLock(layout)
        defer { withExtendedLifetime(lock) {} }
        try index.checkPlace()
        let plan = try collectionPlan(keeping: retention, forgetting: forgotten, now: now)
        try index.remove(plan.results.map(\.key))
        for path in plan.paths { try Folder.removeTree(path) }
        try TemporaryFile.sweep(layout.temporary)
        return plan
    }

    /// The names of the pipelines that ran on the store, sorted.
    public func pipelines() throws -> [String] {
        let names = try index.uses().map(\.pipeline) + runs().map(\.pipeline)
        return Set(names.filter { !$0.isEmpty }).sorted()
    }

    // MARK: Roots

    private func keptRuns(_ retention: Retention, now: Date) throws -> [(run: RunListing, reason: String)] {
        var finished: [String: Int] = [:]
        var unfinished: Set<String> = []
        return try runs().compactMap { run in
            guard let start = run.startedAt else { return nil }
            let pipeline = run.pipeline
            if finished[pipeline, default: 0] < retention.runs {
                if run.isFinished {
                    finished[pipeline, default: 0] += 1
                    return (run, "among the newest of")
                }
                if unfinished.insert(pipeline).inserted { return (run, "the latest unfinished of") }
            }
            guard let age = retention.age, now.timeIntervalSince(start) <= age else { return nil }
            return (run, "young enough, of")
        }
    }

    private func nameRoots(forgetting forgotten: Set<String>) throws -> [CollectionRoot] {
        let uses = Dictionary(grouping: try index.uses().filter { !forgotten.contains($0.pipeline) }, by: \.pipeline)
        return uses.sorted { $0.key < $1.key }.map { pipeline, uses in
            CollectionRoot(
                kind: .names, name: pipeline, reason: "what its stages stand for now", keys: Set(uses.map(\.key)))
        }
    }

    private func pinRoots(among records: [ContentDigest: StageRecord]) throws -> [CollectionRoot] {
        var makers: [ContentDigest: Set<ContentDigest>] = [:]
        for record in records.values {
            for output in record.outputs.values { makers[output.digest, default: []].insert(record.key) }
        }
        return try pins().map { pin in
            guard let lockfile = pin.lockfile else {
                let keys = Self.ancestors(of: pin.keys, among: records, makers: makers)
                let reason = pin.note.isEmpty ? "pinned" : "pinned: \(pin.note)"
                return CollectionRoot(kind: .pin, name: pin.name, reason: reason, keys: keys)
            }
            // The file may be another one than was locked here: both count. One that is away may come back.
            let named = try Self.keys(inLockfile: lockfile)
            let keys = Self.ancestors(of: pin.keys + (named ?? []), among: records, makers: makers)
            let reason =
                named == nil
                ? "the lockfile is not there; 'artifacts unpin' lets go of it" : "demanded by the lockfile"
            return CollectionRoot(kind: .lockfile, name: pin.name, reason: reason, keys: keys)
        }
    }

    /// Every key that the file names; nil where it is not there.
    /// - Throws: `ArtifactError.damagedFile` where it cannot be read, so that what it demands is not known.
    private static func keys(inLockfile path: String) throws -> [ContentDigest]? {
        guard try FileStatus(path: path) != nil else { return nil }
        guard let value = try? CanonicalJSON.parse(ReadableFile.contents(of: path)),
            let stages = value["stages"]?.arrayValue
        else { throw ArtifactError.damagedFile(path: path, reason: "it is no lockfile") }
        return stages.compactMap { $0["key"]?.stringValue.flatMap { ContentDigest(hex: $0) } }
    }

    /// `keys` and those of all results that theirs were made from.
    private static func ancestors(
        of keys: [ContentDigest], among records: [ContentDigest: StageRecord],
        makers: [ContentDigest: Set<ContentDigest>]
    ) -> Set<ContentDigest> {
        var found = Set(keys)
        var open = keys
        while let key = open.popLast() {
            for input in records[key]?.inputs ?? [] {
                open += (makers[input] ?? []).filter { found.insert($0).inserted }
            }
        }
        return found
    }

    // MARK: What goes

    private func addFiles(to plan: inout CollectionPlan, besides named: NamedContent) throws {
        for folder in [layout.objects, layout.blobs] {
            for file in try layout.storedFiles(in: folder) {
                guard !named.contains(file.path) else {
                    plan.keptBytes += file.size
                    continue
                }
                plan.files += 1
                plan.bytes += file.size
                plan.paths.append(file.path)
            }
        }
    }

    /// Indexes of the rows of objects that go, or have gone.
    private func addRowIndexes(to plan: inout CollectionPlan) throws {
        let going = Set(plan.paths)
        for shard in try Folder.names(in: layout.rowIndexes) {
            for name in try Folder.names(in: "\(layout.rowIndexes)/\(shard)") {
                let object = ContentDigest(hex: name.prefix(64)).map(layout.object)
                if let object, try !going.contains(object) && FileStatus(path: object) != nil { continue }
                let path = "\(layout.rowIndexes)/\(shard)/\(name)"
                plan.bytes += try Folder.size(path)
                plan.paths.append(path)
            }
        }
    }

    private func addStaging(to plan: inout CollectionPlan, besides keys: Set<ContentDigest>) throws {
        for name in try Folder.names(in: layout.staging) {
            if let key = ContentDigest(hex: name), keys.contains(key) { continue }
            let path = "\(layout.staging)/\(name)"
            plan.attempts += 1
            plan.bytes += try Folder.size(path)
            plan.paths.append(path)
        }
    }
}
