internal import Artifacts
internal import Foundation
internal import Pipeline

/// What earlier runs of a store tell: which file was run, and which results could not be made.
struct RunHistory {
    private let runs: [RunListing]

    /// - Parameter store: nil where there is none yet, and so no history.
    init(store: ArtifactStore?) throws { runs = try store?.runs() ?? [] }

    /// The plan of the newest run, with what was laid over it, and `overlay` over that; as strict as that run was, or
    /// as `strict` asks.
    /// - Parameter command: how to ask for a plan by its file, for the error message.
    func newestPlan(
        _ overlay: OverlayOptions, _ strict: StrictOptions, command: String
    ) throws -> ChosenPlan {
        let newest = runs.lazy.compactMap { run in RunCommandRecord(run: run).map { (run.id, $0) } }.first
        guard let (run, recorded) = newest else {
            throw CommandError.noFileRecorded(command: command)
        }
        guard FileManager.default.fileExists(atPath: recorded.file) else {
            throw CommandError.recordedFileGone(recorded.file, command: command)
        }
        var overlay = overlay
        overlay.overlays = recorded.overlays + overlay.overlays
        overlay.settings = recorded.settings + overlay.settings
        return ChosenPlan(
            plan: try overlay.load(recorded.file), strict: strict.adding(recorded),
            takenOver: TakenOver(run: run, command: recorded))
    }

    /// By key: the first line of what the stage said whose last attempt at this key failed.
    ///
    /// By key and not by name: once a parameter or an input has changed, an old failure says nothing.
    func failures() -> [String: String] {
        var last: [String: JSONValue] = [:]
        for result in runs.lazy.compactMap(\.summary).flatMap({ $0["results"]?.arrayValue ?? [] }) {
            guard let key = result["key"]?.stringValue, last[key] == nil, Self.isAttempt(result) else { continue }
            last[key] = result
        }
        return last.filter { $0.value["outcome"]?.stringValue == "failed" }.mapValues { result in
            let message = result["message"]?.stringValue ?? "for an unknown reason"
            return message.split(separator: "\n").first.map(String.init) ?? message
        }
    }

    /// By key: an attempt that has no end, in a run that is under way, or that was killed and is newer than all others.
    func openAttempts() -> [String: OpenAttempt] {
        let killed = runs.prefix { $0.summary == nil }.filter { !$0.isRunning }
        var found: [String: OpenAttempt] = [:]
        for run in killed.reversed() + runs.filter(\.isRunning) {
            let events = (try? PastRun.events(of: run)) ?? []
            var keys: [String: String] = [:]
            for event in events {
                guard let stage = RunEventText.stage(of: event) else { continue }
                switch event["event"]?.stringValue {
                case "stage_planned": keys[stage] = event["key"]?.stringValue
                case "stage_started":
                    if let key = keys[stage] { found[key] = OpenAttempt(run: run.id, isRunning: run.isRunning) }
                case "stage_finished": if let key = event["key"]?.stringValue { found[key] = nil }
                default: break
                }
            }
        }
        return found
    }

    /// The stage came to its end, good or bad.
    private static func isAttempt(_ result: JSONValue) -> Bool {
        ["cached", "ran", "failed"].contains(result["outcome"]?.stringValue)
    }
}

/// What earlier runs tell of stages, by key.
struct StageHistory {
    /// The first line of what a stage said that failed.
    let failures: [String: String]
    let openAttempts: [String: OpenAttempt]

    init(_ history: RunHistory) {
        failures = history.failures()
        openAttempts = history.openAttempts()
    }
}

/// An attempt at a stage of which its run's log tells no end.
struct OpenAttempt {
    let run: String
    /// Whether it is under way; else it ended with its process.
    let isRunning: Bool

    var reason: String {
        isRunning
            ? "under way in run \(run)"
            : "run \(run) was killed while making it; the next run goes on from what that finished"
    }

    var json: JSONValue { ["run": .string(run), "state": isRunning ? "running" : "killed"] }
}

/// The plan that a run kept: `plan.json` in its folder.
struct RunPlan {
    private let value: JSONValue

    /// Nil where it cannot be read; the program does not depend on it.
    init?(run: RunListing) {
        guard let bytes = try? Data(contentsOf: run.folder.appending(path: "plan.json")),
            let value = try? CanonicalJSON.parse(bytes)
        else { return nil }
        self.value = value
    }

    /// For each connected port of `stage` the names of outputs and sources.
    func inputs(of stage: String) -> [String: JSONValue]? { self.stage(stage)?["inputs"]?.objectValue }

    /// Whether the stage's result was to be recorded: not with `cache: false` or `cache: {write: false}`.
    func keepsResult(of stage: String) -> Bool {
        let cache = self.stage(stage)?["cache"]
        return cache != .bool(false) && cache?["write"] != .bool(false)
    }

    /// Every stage, as `PipelinePlan` writes it.
    var stages: [JSONValue] { value["stages"]?.arrayValue ?? [] }

    /// The path of each file from outside, by the name of its source.
    var sources: [String: String] { (value["sources"]?.objectValue ?? [:]).compactMapValues(\.stringValue) }

    private func stage(_ name: String) -> JSONValue? { stages.first { $0["name"]?.stringValue == name } }
}

/// What a run was asked to run: `command.json` in its folder.
struct RunCommandRecord: Codable {
    var file: String
    var overlays: [String]
    var settings: [String]
    /// Nil for no, and in records of programs that did not know it.
    var strictNumerics: Bool?
    var strictCode: Bool?

    init(file: String, overlay: OverlayOptions, strict: StrictOptions) {
        self.file = file
        overlays = overlay.overlays
        settings = overlay.settings
        strictNumerics = strict.strictNumerics ? true : nil
        strictCode = strict.strictCode ? true : nil
    }

    /// Nil where the run does not say; the program does not depend on it.
    init?(run: RunListing) {
        guard let bytes = try? Data(contentsOf: Self.url(in: run.folder)),
            let value = try? CanonicalJSON.parse(bytes),
            let record = try? CanonicalJSON.decode(Self.self, from: value)
        else { return nil }
        self = record
    }

    func write(in folder: URL) throws {
        try WholeFile.make(Self.url(in: folder)) { unfinished in
            try Data(CanonicalJSON.encode(encodable: self) + [UInt8(ascii: "\n")]).write(to: unfinished)
        }
    }

    private static func url(in folder: URL) -> URL { folder.appending(path: "command.json") }
}
