public import Foundation

extension ArtifactStore {
    /// Notes which keys the stages of a plan stand for, so that `m3.pairs` means what the latest run used even where
    /// that was made long ago. Writes only what changed.
    public func note(_ uses: [StageUse]) throws { try index.note(uses) }

    /// Every output of every stage: those that a name stands for now first, newest first.
    public func artifacts() throws -> [ArtifactListing] { try index.artifacts() }

    /// What `text` may mean, best first: a digest or at least 4 digits of one, `stage.port`, or `stage` for all its
    /// ports. A name means its newest use; older results are found by digest.
    public func resolve(_ text: String) throws -> [ArtifactListing] {
        let all = try artifacts()
        let isPrefix = (4...64).contains(text.utf8.count) && text.utf8.allSatisfy { Hexadecimal.value(of: $0) != nil }
        if isPrefix {
            let matches = all.filter { $0.reference.digest.hex.hasPrefix(text) }
            if !matches.isEmpty { return matches }
        }
        let named = all.filter { $0.name == text || $0.stageName == text }
        guard let newest = named.first else { return [] }
        return named.filter {
            $0.key == newest.key && $0.stageName == newest.stageName && $0.pipeline == newest.pipeline
        }
    }

    // MARK: Runs

    /// Begins the record of a run and keeps maintenance from the store until it ends.
    ///
    /// What dead processes left half-written is swept on the way.
    public func newRun(plan: JSONValue, startedAt: Date = .now) throws -> RunRecord {
        let lock = try sharedLock()
        try TemporaryFile.sweep(layout.temporary)
        let time = startedAt.formatted(.iso8601).replacing(":", with: "-")
        // After the newest of this second, whichever of the others are gone.
        var order = RunOrder(id: time)
        let ofThisSecond = try Folder.names(in: layout.runs).map(RunOrder.init(id:)).filter { $0.time == order.time }
        if let newest = ofThisSecond.max(), newest.number < .max { order.number = newest.number + 1 }
        while true {
            let id = order.number == 1 ? time : "\(time)-\(order.number)", path = "\(layout.runs)/\(id)"
            if try Folder.createNew(path) { return try RunRecord(id: id, path: path, plan: plan, lock: lock) }
            order.number += 1
        }
    }

    /// The runs of this store, newest first.
    public func runs() throws -> [RunListing] { try RunListing.all(in: layout) }
}

extension RunListing {
    /// The runs of a store, newest first.
    static func all(in layout: StoreLayout) throws -> [RunListing] {
        try Folder.names(in: layout.runs).sorted { RunOrder(id: $1) < RunOrder(id: $0) }.map { id in
            let path = "\(layout.runs)/\(id)"
            var summary = Self.summary(in: path)
            let isRunning = summary == nil && PresenceLock.isTaken(RunRecord.events(in: path))
            // A run writes its summary and then goes: it may have done both since the first look.
            if summary == nil, !isRunning { summary = Self.summary(in: path) }
            return RunListing(
                id: id, folder: URL(filePath: path, directoryHint: .isDirectory), summary: summary,
                isRunning: isRunning)
        }
    }

    private static func summary(in folder: String) -> JSONValue? {
        try? CanonicalJSON.parse(ReadableFile.contents(of: folder + "/summary.json"))
    }
}

/// When a run began: by its time, and among those of one second by number, where 10 comes after 9.
private struct RunOrder: Comparable {
    let time: String
    var number: Int

    /// - Parameter id: `2024-01-18T10-11-12Z`, or `2024-01-18T10-11-12Z-2` for the second one.
    init(id: String) {
        time = id.prefix { $0 != "Z" }.description
        number = Int(id.dropFirst(time.count).drop { $0 == "Z" || $0 == "-" }) ?? 1
    }

    static func < (first: RunOrder, second: RunOrder) -> Bool {
        (first.time, first.number) < (second.time, second.number)
    }
}
