internal import Foundation

extension ArtifactStore {
    /// The accepted record for `key`; nil where the stage was never done.
    ///
    /// It says what was made; whether it is still there says `problems(of:)`.
    public func stageRecord(for key: ContentDigest) throws -> StageRecord? {
        try index.record(for: key).map { try RecordFile.decode($0.utf8, path: layout.record(key)) }
    }

    /// Records of stages of `kind`, newest first; only of those named `name`, unless it is nil.
    public func latestRecords(pipelineStage name: String?, kind: String) throws -> [StageRecord] {
        try index.latestRecords(stageName: name, kind: kind).map { try RecordFile.decode($0.utf8, path: index.path) }
    }

    /// Which outputs of `record`, and which blobs that they name, are missing or of the wrong size. None makes a hit.
    public func problems(of record: StageRecord) throws -> [OutputProblem] {
        var problems: [OutputProblem] = []
        func check(_ path: String, port: String?, digest: ContentDigest, bytes: Int?) throws {
            guard let found = try FileStatus(path: path)?.size else {
                problems.append(OutputProblem(port: port, digest: digest, kind: .missing))
                return
            }
            if let bytes, found != bytes {
                problems.append(
                    OutputProblem(port: port, digest: digest, kind: .wrongSize(expected: bytes, found: found)))
            }
        }
        for (port, output) in record.outputs.sorted(by: { $0.key < $1.key }) {
            try check(layout.path(of: output), port: port, digest: output.digest, bytes: output.storedBytes)
        }
        for blob in record.blobs {
            try check(layout.blob(blob), port: nil, digest: blob, bytes: record.blobBytes[blob.hex])
        }
        return problems
    }

    // MARK: Claims

    /// Takes the right to run `key`, or returns nil where another process or task has it.
    ///
    /// Whoever gets it must look for the record once more: the last holder may have made it.
    /// - Throws: `ArtifactError.storeBusy` during maintenance.
    public func claim(_ key: ContentDigest) throws -> StageClaim? {
        let store = try sharedLock()
        guard let stage = try FileLock(path: layout.lock(key), mode: .exclusive, removesFile: true) else {
            return nil
        }
        try stage.describe("\(ProcessInfo.processInfo.processIdentifier)\n")
        return StageClaim(key: key, store: store, stage: stage)
    }

    /// As `claim(_:)`, but waits for the holder to be done, asking every `poll`.
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    public func claimWaiting(_ key: ContentDigest, poll: Duration = .milliseconds(200)) async throws -> StageClaim {
        while true {
            if let claim = try claim(key) { return claim }
            try await Task.sleep(for: poll)
        }
    }

    /// The process that holds `key`, as far as its lock file tells.
    public func holder(of key: ContentDigest) -> Int32? {
        guard let bytes = try? ReadableFile.contents(of: layout.lock(key)) else { return nil }
        return Int32(String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Waits up to two seconds: a run that ends may hold the store to itself for a moment.
    func sharedLock() throws -> FileLock {
        for _ in 0..<200 {
            if let lock = try FileLock(path: layout.storeLock, mode: .shared) {
                // Whoever held it between our opening and this lock may have replaced the index.
                try index.checkPlace()
                return lock
            }
            usleep(10_000)
        }
        throw ArtifactError.storeBusy(path: layout.root)
    }

    // MARK: Staging and commit

    /// The staging folder of `key`, with whatever an earlier attempt left there. To be used under a claim of `key`.
    public func staging(for key: ContentDigest) throws -> StagingFolder {
        try StagingFolder(path: layout.staging(key))
    }

    /// Removes what is left in staging of a result that is in the store: a process that dies between its commit and its
    /// clean-up leaves it. Without effect while somebody holds `key`.
    public func clearStaging(of key: ContentDigest) throws {
        guard try FileStatus(path: layout.staging(key)) != nil, let claim = try claim(key) else { return }
        defer { claim.release() }
        try staging(for: key).discard()
    }

    /// Makes `record` the result for its key: its record file first, then one transaction of the index, which is the
    /// moment at which the stage is done, then the staging folder goes.
    ///
    /// The first sound result for a key stands. A second one with other bytes is kept as a divergence and reported.
    /// - Throws: `ArtifactError.missingObject` or `.wrongSize` where an output or a named blob is not in the store.
    @discardableResult
    public func commit(_ record: StageRecord, claim: StageClaim) throws -> CommitOutcome {
        guard claim.key == record.key else {
            throw ArtifactError.claimMismatch(key: record.key, claimed: claim.key)
        }
        guard claim.isHeld else { throw ArtifactError.claimReleased(key: record.key) }
        var record = record
        record.blobBytes = try Dictionary(uniqueKeysWithValues: Set(record.blobs).map { ($0.hex, try blobSize($0)) })
        if let problem = try problems(of: record).first {
            let path =
                problem.port.flatMap { record.outputs[$0] }.map(layout.path(of:)) ?? layout.blob(problem.digest)
            switch problem.kind {
            case .missing: throw ArtifactError.missingObject(path: path)
            case .wrongSize(let expected, let found):
                throw ArtifactError.wrongSize(path: path, expected: expected, found: found)
            }
        }
        try makeDurable(record)
        FileSystem.reach(.outputsPlaced)

        let outcome = try settle(record)
        if case .diverged = outcome {
            try write(record, to: layout.divergence(record.key, outcome: record.outcome))
            try index.insert(divergence: record)
        } else if outcome == .accepted {
            try write(record, to: layout.record(record.key))
            FileSystem.reach(.recordPlaced)
            try index.accept(record)
        }
        FileSystem.reach(.indexed)
        // The stage is done, whether or not the rest can be tidied up; a run that reuses it tries again.
        try? Folder.removeTree(layout.staging(record.key))
        return outcome
    }

    /// Makes the names of all outputs and named blobs durable. Somebody else may have given a name, and have died, or not
    /// have come yet, to making it durable.
    private func makeDurable(_ record: StageRecord) throws {
        let paths = record.outputs.values.map(layout.path(of:)) + record.blobs.map(layout.blob)
        let folders = Set(paths.map(Folder.parent(of:)))
        for folder in folders.union(folders.map(Folder.parent(of:))).sorted() {
            try FileSystem.synchroniseFolder(folder)
        }
    }

    /// What an earlier record for the same key means for this one.
    private func settle(_ record: StageRecord) throws -> CommitOutcome {
        guard let earlier = try stageRecord(for: record.key), try problems(of: earlier).isEmpty else {
            return .accepted
        }
        // Made before the stage had all of its outputs: it cannot stand for what readers of the others need.
        if earlier.isPart(of: record) { return .accepted }
        return try earlier.outcome == record.outcome ? .alreadyAccepted : .diverged(accepted: earlier)
    }

    private func blobSize(_ digest: ContentDigest) throws -> Int {
        guard let size = try FileStatus(path: layout.blob(digest))?.size else {
            throw ArtifactError.missingObject(path: layout.blob(digest))
        }
        return size
    }

    /// Under the claim of its key nobody else writes this file: an older one is of a result that is no longer whole.
    private func write(_ record: StageRecord, to target: String) throws {
        let file = try TemporaryFile(in: layout.temporary)
        try file.write(RecordFile.encode(record))
        try Folder.create(Folder.parent(of: target))
        if try !file.link(to: target) { try file.replace(target) }
    }
}
