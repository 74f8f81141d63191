public import Foundation
internal import Synchronization

/// One run of a pipeline: `runs/<id>/` with `plan.json`, `events.jsonl` and, at its end, `summary.json`.
///
/// It says what happened and decides nothing; a store without its runs is as good. While it lives it holds the
/// store's shared lock, which keeps maintenance away, and its events are marked as those of a living process.
public final class RunRecord: Sendable {
    /// The time it began, and a number where two began in one second: `2024-01-18T10-11-12Z`.
    public let id: String
    public let folder: URL
    private let path: String
    private let state: Mutex<State>

    private struct State {
        var events: AppendedFile?
        var lock: FileLock?
    }

    init(id: String, path: String, plan: JSONValue, lock: FileLock) throws {
        self.id = id
        self.path = path
        folder = URL(filePath: path, directoryHint: .isDirectory)
        // Marked before anything takes time: a run without the mark and without a summary counts as killed.
        let events = try AppendedFile(path: Self.events(in: path))
        try events.markAlive()
        try Self.write(plan, to: path + "/plan.json", in: path)
        state = Mutex(State(events: events, lock: lock))
    }

    /// Appends one event as a line of canonical JSON.
    public func append(event: JSONValue) throws {
        let line = try CanonicalJSON.encode(event) + [UInt8(ascii: "\n")]
        try state.withLock { state in
            guard let events = state.events else { throw ArtifactError.writerClosed(path: Self.events(in: path)) }
            try events.append(line)
        }
    }

    /// Writes how the run ended and lets go of the store.
    public func finish(summary: JSONValue) throws {
        try state.withLock { state in
            defer { state = State() }
            try state.events?.synchronise()
            try Self.write(summary, to: path + "/summary.json", in: path)
        }
    }

    static func events(in folder: String) -> String { folder + "/events.jsonl" }

    private static func write(_ value: JSONValue, to path: String, in folder: String) throws {
        let file = try TemporaryFile(in: folder)
        try file.write(CanonicalJSON.encode(value) + [UInt8(ascii: "\n")])
        try file.replace(path)
    }
}

/// A run as the store lists it.
public struct RunListing: Sendable {
    public var id: String
    public var folder: URL
    /// Nil where the run is under way, or was killed.
    public var summary: JSONValue?
    /// Whether its process is alive and has not ended it; of a run without a summary, no means that it was killed.
    public var isRunning: Bool
}
