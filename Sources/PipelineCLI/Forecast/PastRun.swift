internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Pipeline

/// Which run a command is about.
struct RunChoice: ParsableArguments {
    @Argument(help: ArgumentHelp("The run, or how its name begins; without it, the newest.", valueName: "run"))
    var run: String?

    /// - Throws: `CommandError.unknownRun`, `.ambiguousRun`.
    func listing(in store: ArtifactStore) throws -> RunListing { try PastRun.listing(run, in: store) }
}

/// What is known of a run from its folder.
struct PastRun {
    enum End: String {
        case done, failed, interrupted
        /// Its process is alive and at it.
        case running
        /// Its process is gone and has left no summary: it was killed, or the machine went down.
        case killed
    }

    let id: String
    let command: RunCommandRecord?
    private let summary: JSONValue?
    private let isRunning: Bool

    let pipeline: String?
    /// What became of each stage, as far as it is known.
    let results: [JSONValue]
    /// Which of them are left.
    let kept: RunResults

    /// The run of that name, or whose name begins so; the newest where there is no name.
    /// - Throws: `CommandError.unknownRun`, `.ambiguousRun`.
    static func listing(_ name: String?, in store: ArtifactStore) throws -> RunListing {
        let runs = try store.runs()
        guard let name, name != RunReference.latest else {
            guard let newest = runs.first else { throw CommandError.unknownRun(nil) }
            return newest
        }
        if let exact = runs.first(where: { $0.id == name }) { return exact }
        let matches = runs.filter { !name.isEmpty && $0.id.hasPrefix(name) }
        guard let match = matches.first else { throw CommandError.unknownRun(name) }
        guard matches.count == 1 else { throw CommandError.ambiguousRun(name, matches: matches.map(\.id)) }
        return match
    }

    /// - Parameter known: the keys of all results in the store.
    init(_ listing: RunListing, known: Set<ContentDigest>) {
        kept = RunResults(of: listing, known: known)
        id = listing.id
        command = RunCommandRecord(run: listing)
        summary = listing.summary
        isRunning = listing.isRunning
        if let summary {
            pipeline = summary["pipeline"]?.stringValue
            results = summary["results"]?.arrayValue ?? []
        } else {
            let events = (try? Self.events(of: listing)) ?? []
            pipeline = events.first { $0["event"] == "run_started" }?["pipeline"]?.stringValue
            results = Self.results(events, open: isRunning ? .running : .killed)
        }
    }

    var seconds: Double? { summary?["seconds"]?.doubleValue }

    /// The ends of stages that a run without an end has recorded, and the beginnings of those that have none.
    private static func results(_ events: [JSONValue], open: End) -> [JSONValue] {
        let ended = events.filter { $0["event"] == "stage_finished" }
        let names = Set(ended.compactMap { $0["name"]?.stringValue })
        let begun = events.filter { $0["event"] == "stage_started" }.compactMap { $0["stage"]?.stringValue }
        return ended
            + begun.filter { !names.contains($0) }.map {
                ["name": .string($0), "outcome": .string(open.rawValue)]
            }
    }

    func count(_ outcome: String) -> Int? { summary?["stages"]?[outcome]?.integerValue.map { Int($0) } }

    /// Whether the store still has what a stage came to.
    func result(of stage: JSONValue) -> String {
        guard let name = stage["name"]?.stringValue, summary != nil else { return "–" }
        if kept.gone.contains(name) { return "gone" }
        return kept.names.contains(name) ? "kept" : "–"
    }

    var end: End {
        guard let summary else { return isRunning ? .running : .killed }
        if summary["interrupted"] == .bool(true) { return .interrupted }
        return (count("failed") ?? 0) > 0 ? .failed : .done
    }

    var json: JSONValue {
        [
            "run": .string(id), "end": .string(end.rawValue),
            "command": command.flatMap { try? CanonicalJSON.value(of: $0) } ?? .null, "summary": summary ?? .null,
            "results": ["count": .integer(Int64(kept.total)), "gone": .array(kept.gone.map { .string($0) })],
        ]
    }

    /// The events of the run. A last line without its end was being written when the run died, and is left out.
    /// - Throws: `ArtifactError.badRow` for any other line that is no JSON.
    static func events(of run: RunListing) throws -> [JSONValue] {
        let file = run.folder.appending(path: "events.jsonl")
        let bytes = try Data(contentsOf: file)
        let whole = bytes.prefix((bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1)
        return try whole.split(separator: UInt8(ascii: "\n")).enumerated().map { number, line in
            do { return try CanonicalJSON.parse(line) } catch let cause as ArtifactError {
                throw ArtifactError.badRow(row: number + 1, file: file.path(percentEncoded: false), cause: cause)
            }
        }
    }
}
