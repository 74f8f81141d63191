internal import Artifacts
internal import Foundation
internal import Pipeline

/// What earlier runs of a store tell: which file was run, and which stages failed.
struct RunHistory {
    private let runs: [RunListing]

    /// - Parameter store: nil where there is none yet, and so no history.
    init(store: ArtifactStore?) throws { runs = try store?.runs() ?? [] }

    /// The plan that a command works on: that of `file`, or else that of the newest run, with what was laid over it.
    /// - Parameter command: how to ask for it with a file, for the error message.
    func load(_ file: String?, overlay: OverlayOptions, command: String) throws -> PipelinePlan {
        if let file { return try overlay.load(file) }
        guard let recorded = runs.lazy.compactMap({ RunCommandRecord(run: $0) }).first else {
            throw CommandError.noFileRecorded(command: command)
        }
        guard FileManager.default.fileExists(atPath: recorded.file) else {
            throw CommandError.recordedFileGone(recorded.file, command: command)
        }
        var overlay = overlay
        overlay.overlays = recorded.overlays + overlay.overlays
        overlay.settings = recorded.settings + overlay.settings
        return try overlay.load(recorded.file)
    }

    /// The message of each stage that failed when `pipeline` ran last.
    func failures(of pipeline: String) -> [String: String] {
        let newest = runs.lazy.compactMap(\.summary).first { $0["pipeline"]?.stringValue == pipeline }
        var messages: [String: String] = [:]
        for result in newest?["results"]?.arrayValue ?? [] where result["outcome"]?.stringValue == "failed" {
            guard let name = result["name"]?.stringValue else { continue }
            let message = result["message"]?.stringValue ?? "for an unknown reason"
            messages[name] = message.split(separator: "\n").first.map(String.init) ?? message
        }
        return messages
    }
}

/// What a run was asked to run: `command.json` in its folder.
struct RunCommandRecord: Codable {
    var file: String
    var overlays: [String]
    var settings: [String]

    init(file: String, overlay: OverlayOptions) {
        self.file = file
        overlays = overlay.overlays
        settings = overlay.settings
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
        try Data(CanonicalJSON.encode(encodable: self) + [UInt8(ascii: "\n")])
            .write(to: Self.url(in: folder), options: .atomic)
    }

    private static func url(in folder: URL) -> URL { folder.appending(path: "command.json") }
}
