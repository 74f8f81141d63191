internal import Foundation

extension ArtifactStore {
    /// The files that the results for `keys` consist of: their records, what they made, and what they were made from.
    /// - Returns: paths relative to the store, sorted.
    /// - Throws: `ArtifactError.missingObject`, `.damagedFile` or `.digestMismatch` where a result is not whole.
    public func files(of keys: some Sequence<ContentDigest>) throws -> [String] {
        let records = try keys.map { key in
            guard let record = try stageRecord(for: key), try FileStatus(path: layout.record(key)) != nil else {
                throw ArtifactError.missingObject(path: layout.record(key))
            }
            // What leaves the store is to be whole: it may be the only copy before long.
            for output in record.outputs.values { try verify(output) }
            for blob in record.blobs { _ = try blobURL(blob) }
            return record
        }
        // Sources are not needed to go on, and may have been removed.
        let named = try NamedContent(of: records, layout: layout).paths.filter { try FileStatus(path: $0) != nil }
        let paths = named.union(records.map { layout.record($0.key) })
        return paths.map(layout.relative).sorted()
    }

    /// What became of the records of a transfer.
    public struct Transfer: Sendable, Equatable {
        public var accepted = 0
        /// Results that were here already, with the same outputs.
        public var known = 0
        /// Results that were here already, with other outputs, which stand; by stage.
        public var diverged: [String] = []
    }

    /// Takes in every result of `other`, having compared every byte of it with the digests of its record.
    ///
    /// - Parameter check: throws for a record that is not to be taken in.
    /// - Throws: `ArtifactError` for a result that is not whole, before any result is taken in; `.storeBusy`.
    public func takeIn(_ other: ArtifactStore, check: (StageRecord) throws -> Void) throws -> Transfer {
        if let path = other.damagedRecords.first {
            throw ArtifactError.damagedFile(path: path, reason: "it is no sound record")
        }
        let records = try other.index.acceptedRecords().values.sorted {
            ($0.createdAt, $0.key) < ($1.createdAt, $1.key)
        }
        for record in records {
            try check(record)
            for output in record.outputs.values { try other.verify(output) }
        }
        let lock = try sharedLock()
        defer { withExtendedLifetime(lock) {} }
        try takeInFiles(of: records, from: other)
        var transfer = Transfer()
        for record in records {
            if let here = try stageRecord(for: record.key) {
                let (isSame, isWhole) = (try here.outcome == record.outcome, try problems(of: here).isEmpty)
                if isSame, isWhole {
                    transfer.known += 1
                    continue
                }
                // What stands here stays, even if a file of it is missing: other results here were made from it.
                if !isSame, !isWhole {
                    transfer.diverged.append(record.stageName)
                    continue
                }
            }
            let claim = try waitForClaim(record.key)
            defer { claim.release() }
            switch try commit(asStored(record), claim: claim) {
            case .accepted: transfer.accepted += 1
            case .alreadyAccepted: transfer.known += 1
            case .diverged: transfer.diverged.append(record.stageName)
            }
        }
        return transfer
    }

    /// The record with the sizes that its outputs have here: another compressor may have made others.
    private func asStored(_ record: StageRecord) throws -> StageRecord {
        var record = record
        for (port, output) in record.outputs {
            guard let size = try FileStatus(path: layout.path(of: output))?.size else { continue }
            record.outputs[port]?.storedBytes = size
        }
        return record
    }

    /// Waits up to a minute for whoever computes the key.
    private func waitForClaim(_ key: ContentDigest) throws -> StageClaim {
        for _ in 0..<600 {
            if let claim = try claim(key) { return claim }
            usleep(100_000)
        }
        throw ArtifactError.storeBusy(path: layout.root)
    }

    private func takeInFiles(of records: [StageRecord], from other: ArtifactStore) throws {
        let named = NamedContent(of: records, layout: other.layout)
        let files = try [other.layout.objects, other.layout.blobs].map { folder in
            try other.layout.storedFiles(in: folder).filter { named.contains($0.path) }
        }
        for file in files.joined() { try other.layout.verify(file.digest, at: file.path) }
        for (folder, files) in zip([layout.object, layout.blob], files) {
            for file in files {
                let target = folder(file.digest)
                if try FileStatus(path: target) != nil, try !isSound(file.digest, at: target) {
                    try Folder.removeFile(target)
                }
                try adopt(file.path, as: target)
            }
        }
    }

    private func isSound(_ digest: ContentDigest, at path: String) throws -> Bool {
        do {
            try layout.verify(digest, at: path)
            return true
        } catch let error as ArtifactError where error.damage != nil {
            return false
        }
    }

    // MARK: Files

    /// Takes in the object or blob `reference` of `other`, as another name of the same file where that is possible.
    ///
    /// It is not read: whoever opens it here verifies it, as everywhere.
    /// - Throws: `ArtifactError.missingObject` where `other` does not hold it.
    public func adopt(_ reference: ArtifactReference, from other: ArtifactStore) throws {
        try adopt(other.layout.path(of: reference), as: layout.path(of: reference))
    }

    /// As `adopt(_:from:)`, of a blob of which nothing is known but its name.
    public func adopt(blob: ContentDigest, from other: ArtifactStore) throws {
        try adopt(other.layout.blob(blob), as: layout.blob(blob))
    }

    private func adopt(_ source: String, as target: String) throws {
        guard try FileStatus(path: source) != nil else { throw ArtifactError.missingObject(path: source) }
        guard try FileStatus(path: target) == nil else { return }
        try Folder.create(Folder.parent(of: target))
        // Another program may have written it, and not waited for the disk.
        try Folder.synchronise(file: source)
        if try Folder.link(source, to: target) { return }
        // Another file system, or one without links.
        let file = try TemporaryFile(in: layout.temporary)
        try ReadableFile(path: source).forEachPiece(file.write)
        if try !file.link(to: target) { file.discard() }
    }

    // MARK: Runs

    /// Remembers a run of another store, unless one of its name is remembered already.
    public func remember(_ run: RunListing) throws {
        let folder = "\(layout.runs)/\(run.id)"
        guard run.startedAt != nil, try Folder.createNew(folder) else { return }
        for name in ["plan.json", "command.json", "events.jsonl", "summary.json"] {
            let file = run.folder.appending(path: name).path(percentEncoded: false)
            guard try FileStatus(path: file) != nil else { continue }
            let copy = try TemporaryFile(in: folder)
            try copy.write(ReadableFile.contents(of: file))
            try copy.replace("\(folder)/\(name)")
        }
    }
}
