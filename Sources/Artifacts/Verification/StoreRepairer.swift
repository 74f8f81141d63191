/// What was done about a problem of a store.
public struct StoreRepair: Sendable, Equatable {
    public enum Action: Sendable, Equatable {
        /// The file now lies at this path, relative to the store.
        case quarantined(String)
        /// The record file was written again from the index.
        case rewritten
    }

    /// Relative to the store.
    public let path: String
    public let action: Action
}

/// Puts problems right, one at a time, under the exclusive lock of the store.
struct StoreRepairer {
    let layout: StoreLayout
    let index: ArtifactIndex

    /// What was done about `problem`; nil where there is nothing to do, or nothing that can be done here.
    func repair(_ problem: StoreProblem) throws -> StoreRepair? {
        let path = "\(layout.root)/\(problem.path)"
        switch problem.kind {
        case .missing, .orphaned, .unreadable: return nil
        case .damaged, .dangling:
            if path == layout.index { return nil }
            let action = path.hasPrefix(layout.records + "/") ? try settleRecord(path) : try putAway(path)
            return action.map { StoreRepair(path: problem.path, action: $0) }
        }
    }

    /// Moves the object or blob away unless it is sound after all: a record may have its size wrong.
    private func putAway(_ path: String) throws -> StoreRepair.Action? {
        try Quarantine(layout: layout).takeIfDamaged(path).map { .quarantined($0) }
    }

    /// Writes the record file again as the index remembers it, since the transaction of the index is what made the stage
    /// done. What the index does not know either is put away.
    private func settleRecord(_ path: String) throws -> StoreRepair.Action? {
        guard let place = RecordFile.place(path) else { return nil }
        let text = place.isDivergence ? nil : try index.record(for: place.key)
        guard let text, (try? RecordFile.decode(text.utf8, path: layout.index)) != nil else {
            guard try FileStatus(path: path) != nil else { return nil }
            return .quarantined(try Quarantine(layout: layout).take(path))
        }
        try RecordFile.write(text, to: path, in: layout)
        return .rewritten
    }
}

/// The folder for files that are not what they should be.
struct Quarantine {
    let layout: StoreLayout

    /// Moves the object or blob there unless it is what its name says.
    /// - Returns: where it lies now, relative to the store; nil where it is missing, sound or neither.
    func takeIfDamaged(_ path: String) throws -> String? {
        do {
            guard let digest = layout.content(at: path) else { return nil }
            try layout.verify(digest, at: path)
            return nil
        } catch ArtifactError.missingObject {
            return nil
        } catch ArtifactError.damagedFile, ArtifactError.digestMismatch {
            return try take(path)
        }
    }

    /// Moves the file there, under its own name or, where that is taken, the name with a number.
    /// - Returns: where it lies now, relative to the store.
    func take(_ path: String) throws -> String {
        try Folder.create(layout.quarantine)
        let name = Folder.name(of: path)
        var target = name
        var number = 1
        while try FileStatus(path: "\(layout.quarantine)/\(target)") != nil {
            number += 1
            target = "\(name)-\(number)"
        }
        try Folder.move(path, to: "\(layout.quarantine)/\(target)")
        return "quarantine/\(target)"
    }
}
