import Artifacts
import Foundation

/// Holds a store that a crash left against what is promised of every store (`docs/artifact-format.md`).
struct CrashChecker: Sendable {
    struct Violation: Error, CustomStringConvertible {
        var description: String
    }

    let scenario: CrashScenario
    /// The content of each file that was there before, or was given its name in a recorded run.
    private var known: [String: Set<FileContent>] = [:]
    /// What was published under each name of a piece, in order.
    private var versions: [PieceName: [[UInt8]]] = [:]
    /// What the store holds at the end of an undisturbed run.
    private let undisturbed: StoreContent

    /// - Parameter root: the store after the undisturbed run `trace`.
    init(_ scenario: CrashScenario, undisturbed trace: Trace, root: URL) throws {
        self.scenario = scenario
        undisturbed = try StoreContent(of: ArtifactStore.open(root, create: false))
        learn(trace)
    }

    /// Takes in what a further, real run wrote.
    mutating func learn(_ trace: Trace) {
        for (path, entry) in trace.before.entries {
            if case .file(let content) = entry { known[path, default: []].insert(content) }
        }
        var disk = VolatileDisk(trace.before)
        for event in trace.events {
            disk.apply(event)
            switch event {
            case .step(.link(_, let path)), .step(.rename(_, let path)):
                if let content = disk.content(of: path) { known[path, default: []].insert(content) }
            case .promise(.staged(let name, let bytes)): versions[name, default: []].append(bytes)
            case .step, .transaction, .promise: break
            }
        }
    }

    /// What is wrong with `state`; nil where all that is promised holds.
    /// - Parameters:
    ///   - folder: a folder to build the store in, which is made and removed.
    ///   - isThorough: whether to check also what is left without the index, and that a run can be repeated.
    func violation(of state: CrashState, in folder: URL, isThorough: Bool) -> Violation? {
        do {
            try checkFiles(state.tree)
            if isThorough {
                var tree = state.tree
                tree.entries["\(CrashSimulation.storeName)/index.sqlite"] = nil
                _ = try tree.materialise(in: folder) { try checkPromises(state.promises, $0) }
            }
            try state.tree.materialise(in: folder) { folder in
                let (store, done) = try checkPromises(state.promises, folder)
                try checkNextRun(after: state.promises, done, store)
                if isThorough { try checkAgain(store.root) }
            }
            return nil
        } catch let violation as Violation {
            return Violation(description: "\(state.place): \(violation)")
        } catch {
            return Violation(description: "\(state.place): throws \(error)")
        }
    }

    /// No reader sees part of an artifact or of a record: what has a name is whole.
    private func checkFiles(_ tree: FileTree) throws {
        for folder in StoreContent.published {
            for (path, content) in tree.files(below: "\(CrashSimulation.storeName)/\(folder)")
            where known[path]?.contains(content) != true {
                throw Violation(description: "'\(path)' is not what was written")
            }
        }
    }

    /// What the store said to its caller is so, byte for byte.
    /// - Returns: the store, as a new process opens it, and the stages that it would reuse.
    private func checkPromises(
        _ promises: [Promise], _ folder: URL
    ) throws -> (store: ArtifactStore, done: [ContentDigest: StageRecord]) {
        let store = try ArtifactStore.open(folder.appending(path: CrashSimulation.storeName), create: true)
        guard store.damagedRecords.isEmpty else { throw Violation(description: "damaged: \(store.damagedRecords)") }
        let standing = StandingPromises(promises)
        for reference in standing.stored { try store.verify(reference) }
        // Those that nobody was told of, too: they would be reused.
        let done = try doneStages(store)
        for record in done.values { try checkOutputs(of: record, store) }
        for (key, record) in standing.done where done[key]?.outputs != record.outputs {
            throw Violation(description: "stage '\(record.stageName)' was done and is not")
        }
        for (piece, bytes) in standing.pieces where done[piece.key] == nil {
            let found = try store.staging(for: piece.key).open(piece.name).map { Array(try Data(contentsOf: $0)) }
            let acceptable = (versions[piece] ?? []).drop { $0 != bytes }
            guard let found, acceptable.contains(found) else {
                throw Violation(description: "piece '\(piece.name)' was published and is not there")
            }
        }
        return (store, done)
    }

    /// The stages that would be reused.
    private func doneStages(_ store: ArtifactStore) throws -> [ContentDigest: StageRecord] {
        var done: [ContentDigest: StageRecord] = [:]
        for key in Set(try store.artifacts().map(\.key)) {
            guard let record = try store.stageRecord(for: key), try store.problems(of: record).isEmpty else {
                continue
            }
            done[key] = record
        }
        return done
    }

    private func checkOutputs(of record: StageRecord, _ store: ArtifactStore) throws {
        for output in record.outputs.values { try store.verify(output) }
        for blob in record.blobs { _ = try store.blobURL(blob) }
        let file = store.root.appending(path: "records/\(record.key.hex.prefix(2))/\(record.key.hex).json")
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw Violation(description: "stage '\(record.stageName)' is in the index and has no record")
        }
    }

    /// The next run needs no help, does nothing twice that was done, and ends where the undisturbed one did.
    private func checkNextRun(
        after promises: [Promise], _ done: [ContentDigest: StageRecord], _ store: ArtifactStore
    ) throws {
        let pieces = StandingPromises(promises).pieces
        var repeated: [String] = []
        let run = ScriptedRun(store) { promise in
            switch promise {
            case .ran(let key) where done[key] != nil: repeated.append("stage '\(key.short)'")
            case .staged(let name, let bytes) where pieces[name] == bytes && done[name.key] == nil:
                repeated.append("piece '\(name.name)'")
            default: break
            }
        }
        try store.newRun(plan: [:]).finish(summary: [:])
        try scenario.run(run)
        guard repeated.isEmpty else { throw Violation(description: "\(repeated) was done and is done again") }
        try compare(store)
    }

    /// Recovery and run may be repeated, and the index may be lost.
    private func checkAgain(_ root: URL) throws {
        try scenario.run(ScriptedRun(root))
        try FileManager.default.removeItem(at: root.appending(path: "index.sqlite"))
        try compare(ArtifactStore.open(root, create: false))
    }

    private func compare(_ store: ArtifactStore) throws {
        let found = try StoreContent(of: store)
        guard found == undisturbed else {
            throw Violation(description: "the next run ends otherwise: \(found.difference(from: undisturbed))")
        }
    }
}
