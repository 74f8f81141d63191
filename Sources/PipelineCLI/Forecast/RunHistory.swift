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
    ) throws -> (plan: PipelinePlan, strict: StrictOptions) {
        guard let recorded = runs.lazy.compactMap({ RunCommandRecord(run: $0) }).first else {
            throw CommandError.noFileRecorded(command: command)
        }
        guard FileManager.default.fileExists(atPath: recorded.file) else {
            throw CommandError.recordedFileGone(recorded.file, command: command)
        }
        var overlay = overlay
        overlay.overlays = recorded.overlays + overlay.overlays
        overlay.settings = recorded.settings + overlay.settings
        return (try overlay.load(recorded.file), strict.adding(recorded))
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

    /// The stage came to its end, good or bad.
    private static func isAttempt(_ result: JSONValue) -> Bool {
        ["cached", "ran", "failed"].contains(result["outcome"]?.stringValue)
    }
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
    func inputs(of stage: String) -> [String: JSONValue]? {
        value["stages"]?.arrayValue?.first { $0["name"]?.stringValue == stage }?["inputs"]?.objectValue
    }
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
