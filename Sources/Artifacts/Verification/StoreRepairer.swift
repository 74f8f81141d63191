/// What was done about a problem of a store.
public struct StoreRepair: Sendable, Equatable {
    public enum Action: Sendable, Equatable {
        /// The file now lies at this path, relative to the store.
        case quarantined(String)
        /// The record file was written again from the index.
        case rewritten
        /// The index has the record from its file again.
        case indexed
    }

    /// Relative to the store.
    public let path: String
    public let action: Action
}

/// Puts problems right, one at a time, under the exclusive lock of the store.
struct StoreRepairer {
    let layout: StoreLayout
    let index: ArtifactIndex
    /// Whether the key of a record follows from its preimage.
    let hasItsKey: (StageRecord) -> Bool

    /// What was done about `problem`; nil where there is nothing to do, or nothing that can be done here.
    func repair(_ problem: StoreProblem) throws -> StoreRepair? {
        let path = "\(layout.root)/\(problem.path)"
        switch problem.kind {
        case .missing, .orphaned, .unreadable: return nil
        case .damaged, .dangling, .misfiled:
            if path == layout.index { return nil }
            let action =
                if path.hasPrefix(layout.records + "/") {
                    try settleRecord(path, keepsFile: problem.kind == .misfiled)
                } else if path.hasPrefix(layout.runs + "/") {
                    try putAway(ofRun: path)
                } else {
                    try putAway(path)
                }
            return action.map { StoreRepair(path: problem.path, action: $0) }
        }
    }

    /// Moves the object or blob away unless it is sound after all: a record may have its size wrong.
    private func putAway(_ path: String) throws -> StoreRepair.Action? {
        try Quarantine(layout: layout).takeIfDamaged(path).map { .quarantined($0) }
    }

    /// Nothing depends on the files of a run; they lie in `quarantine/` under the name of the run and their own.
    private func putAway(ofRun path: String) throws -> StoreRepair.Action? {
        guard try FileStatus(path: path) != nil else { return nil }
        let name = "\(Folder.name(of: Folder.parent(of: path)))-\(Folder.name(of: path))"
        return .quarantined(try Quarantine(layout: layout).take(path, as: name))
    }

    /// Makes record file and index agree on what can be right: the text of the index before that of the file, since its
    /// transaction is what made the stage done. Where both say the same, or neither can be right, the stage counts as
    /// not done.
    /// - Parameter keepsFile: whether a file that cannot be right is put away also where another takes its place.
    private func settleRecord(_ path: String, keepsFile: Bool) throws -> StoreRepair.Action? {
        guard let place = RecordFile.place(path) else { return nil }
        let text = place.isDivergence ? nil : try index.record(for: place.key)
        let bytes = try FileStatus(path: path) == nil ? nil : ReadableFile.contents(of: path)
        let agree = bytes.map { text?.utf8.elementsEqual($0) == true } ?? false
        let here = bytes.flatMap { record(place, in: $0) }
        if let text, !agree, record(place, in: Array(text.utf8)) != nil {
            let kept = keepsFile && bytes != nil && here == nil ? try Quarantine(layout: layout).take(path) : nil
            try RecordFile.write(text, to: path, in: layout)
            return kept.map { .quarantined($0) } ?? .rewritten
        }
        if text != nil, !agree, let record = here {
            try index.accept(record)
            return .indexed
        }
        // The index first, as in every removal.
        if text != nil { try index.remove([place.key]) }
        return bytes == nil ? nil : .quarantined(try Quarantine(layout: layout).take(path))
    }

    /// The record that `bytes` are at `place`; nil where they cannot be right.
    private func record(_ place: RecordFile.Place, in bytes: [UInt8]) -> StageRecord? {
        guard let record = try? place.record(in: bytes), hasItsKey(record) else { return nil }
        return record
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

    /// Moves the file there, under `name`, its own without one, and with a number where the name is taken.
    /// - Returns: where it lies now, relative to the store.
    func take(_ path: String, as name: String? = nil) throws -> String {
        try Folder.create(layout.quarantine)
        let name = name ?? Folder.name(of: path)
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
