import Foundation
import TestSupport
import Testing

/// The whole loop of `pipelines/smoke.yaml`, through the program. One run, made before the suites within begin, is
/// shared by all of them.
@Suite("The smoke loop", .finishedOnce)
enum SmokeLoop {
    static let file = SharedData.repository.appending(path: "pipelines/smoke.yaml").path
    static let stageCount = 26

    /// The shared run. Its store is copied, never written to.
    @TaskLocal static var finished: FinishedLoop?
}

struct FinishedLoop: Sendable {
    /// The working folder of the run; its store is in `artifacts`.
    let folder: URL
    let report: LoopReport
    /// The digest of each artifact, by name.
    let digests: [String: String]
}

/// What `run --json` writes at the end.
struct LoopReport: Sendable {
    var counts: [String: Int]
    /// The stages of each outcome: `ran`, `cached` and so on.
    var stages: [String: Set<String>]

    var ran: Set<String> { stages["ran"] ?? [] }
    var cached: Set<String> { stages["cached"] ?? [] }
    var names: Set<String> { stages.values.reduce(into: []) { $0.formUnion($1) } }

    init(_ result: Binary.Result) throws {
        let json = try result.json()
        counts = try #require(json["stages"] as? [String: Int], "\(result.stdout)\(result.stderr)")
        stages = [:]
        for stage in try #require(json["results"] as? [[String: Any]]) {
            let outcome = try #require(stage["outcome"] as? String)
            stages[outcome, default: []].insert(try #require(stage["name"] as? String))
        }
    }
}

extension Trait where Self == FinishedOnce {
    /// Runs the loop once, before everything in the suite.
    static var finishedOnce: FinishedOnce { FinishedOnce() }
}

struct FinishedOnce: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let place = try Workplace()
        let report = try place.runLoop(["--threads", "2"])
        let finished = FinishedLoop(folder: place.folder, report: report, digests: try place.digests())
        try await SmokeLoop.$finished.withValue(finished) { try await function() }
        withExtendedLifetime(place) {}
    }
}

extension Workplace {
    /// A workplace with copies of the finished loop's store and of the pipeline files.
    static func afterLoop() throws -> (place: Workplace, finished: FinishedLoop) {
        let finished = try #require(SmokeLoop.finished)
        let place = try Workplace()
        try FileManager.default.copyItem(
            at: finished.folder.appending(path: "artifacts"), to: place.folder.appending(path: "artifacts"))
        try FileManager.default.copyItem(
            at: SharedData.repository.appending(path: "pipelines"), to: place.folder.appending(path: "pipelines"))
        return (place, finished)
    }

    /// Runs the loop to its end, which must be a good one.
    @discardableResult
    func runLoop(_ options: [String] = [], file: String = SmokeLoop.file) throws -> LoopReport {
        let result = try pipeline.run(["run", file, "--json"] + options)
        try #require(result.status == 0, "\(result.stderr)")
        return try LoopReport(result)
    }

    /// The digest of each artifact that the store lists, by name.
    func digests() throws -> [String: String] {
        let listed = try pipeline.run("artifacts", "ls", "--json").json()
        let artifacts = try #require(listed["artifacts"] as? [[String: Any]])
        return try Dictionary(
            uniqueKeysWithValues: artifacts.map { artifact in
                (try #require(artifact["name"] as? String), try #require(artifact["digest"] as? String))
            })
    }

    /// The files below the given folders of the store, by path.
    func storedFiles(in folders: [String]) -> [String] {
        folders.flatMap { name -> [String] in
            let folder = self.folder.appending(path: "artifacts/\(name)")
            let paths = FileManager.default.subpaths(atPath: folder.path) ?? []
            return paths.filter { path in
                var isFolder: ObjCBool = false
                let exists = FileManager.default.fileExists(
                    atPath: folder.appending(path: path).path, isDirectory: &isFolder)
                return exists && !isFolder.boolValue
            }.map { "\(name)/\($0)" }
        }.sorted()
    }

    /// Replaces `old`, which must be there, everywhere in the file `name`.
    func edit(_ name: String, replacing old: String, with new: String) throws {
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        try #require(text.contains(old), "'\(name)' holds no '\(old)'")
        try write(text.replacing(old, with: new), to: name)
    }

    /// The events of the newest run, in order.
    func newestEvents() throws -> [[String: Any]] {
        let runs = folder.appending(path: "artifacts/runs")
        let newest = try #require(FileManager.default.contentsOfDirectory(atPath: runs.path).max())
        let lines = try String(contentsOf: runs.appending(path: "\(newest)/events.jsonl"), encoding: .utf8)
        return try lines.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }
}
