extension ArtifactStore {
    /// Compares everything in the store with what its records and its index say.
    ///
    /// It changes nothing and takes no lock: what a run under way has not committed yet shows as orphaned.
    /// - Parameters:
    ///   - generator: chooses the files of a share.
    ///   - hasItsKey: whether the key of a record follows from its preimage; how, this module does not know.
    /// - Throws: `ArtifactError.newerRecord`; `.system` where a folder cannot be listed.
    public func report(
        reading share: VerifiedShare, generator: inout some RandomNumberGenerator,
        hasItsKey: @escaping (StageRecord) -> Bool
    ) throws -> StoreReport {
        try StoreVerifier.report(
            layout: layout, index: index, reading: share, generator: &generator, hasItsKey: hasItsKey)
    }

    /// Puts right what can be: damaged files go to `quarantine/`, and records are written again from the index, or
    /// leave it where what it says is wrong too.
    ///
    /// No result is made up: a stage that lost a file counts as not done, and the next run does it again.
    /// - Returns: what was found, what was done, and what is then left.
    /// - Throws: `ArtifactError.storeBusy` while anything runs on the store; else as `report`.
    public func repair(
        reading share: VerifiedShare, generator: inout some RandomNumberGenerator,
        hasItsKey: @escaping (StageRecord) -> Bool
    ) throws -> (found: StoreReport, repairs: [StoreRepair], left: StoreReport) {
        let lock = try Self.maintenanceLock(layout)
        defer { withExtendedLifetime(lock) {} }
        try index.checkPlace()
        let found = try report(reading: share, generator: &generator, hasItsKey: hasItsKey)
        let repairer = StoreRepairer(layout: layout, index: index, hasItsKey: hasItsKey)
        // A file can have several problems; it is put right once, and away where it is not what it claims to be.
        let problems = found.problems.filter { $0.kind == .misfiled } + found.problems.filter { $0.kind != .misfiled }
        var repairs: [StoreRepair] = []
        for problem in problems where !repairs.contains(where: { $0.path == problem.path }) {
            if let repair = try repairer.repair(problem) { repairs.append(repair) }
        }
        return (found, repairs, try report(reading: .none, generator: &generator, hasItsKey: hasItsKey))
    }

    static func maintenanceLock(_ layout: StoreLayout) throws -> FileLock {
        guard let lock = try FileLock(path: layout.storeLock, mode: .exclusive) else {
            throw ArtifactError.storeBusy(path: layout.root)
        }
        return lock
    }
}
