import Artifacts
import Foundation
import Pipeline
import Synchronization

/// A folder with pipeline files and a store, gone when the test is over.
final class Workplace: Sendable {
    let folder: URL

    init(_ plan: String = "") throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "pipeline-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if !plan.isEmpty { try write(plan, to: "plan.yaml") }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    func write(_ text: String, to name: String) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    func store() throws -> ArtifactStore { try ArtifactStore.open(folder.appending(path: "store"), create: true) }

    func load(
        _ name: String = "plan.yaml", overlays: [String] = [], settings: [String] = []
    ) throws -> PipelinePlan {
        try PlanLoader(registry: NumberStages.registry).load(
            path(name), overlays: overlays.map(path), settings: settings)
    }

    /// Loads `plan.yaml` and runs it.
    @discardableResult
    func run(
        settings: [String] = [], options: RunOptions = RunOptions(cores: 2),
        observer: @escaping RunObserver = { _ in }
    ) async throws -> Outcome {
        let events = EventList()
        let executor = try Executor(plan: load(settings: settings), store: store(), options: options) {
            events.append($0)
            observer($0)
        }
        return Outcome(report: try await executor.run(), events: events.all)
    }

    /// Replaces the plan and runs it.
    @discardableResult
    func run(_ plan: String, options: RunOptions = RunOptions(cores: 2)) async throws -> Outcome {
        try write(plan, to: "plan.yaml")
        return try await run(options: options)
    }

    /// The values of an output of a finished stage.
    func values(_ outcome: Outcome, _ stage: String, _ port: String = "numbers") throws -> [Int] {
        guard let reference = outcome.report.stages.first(where: { $0.stage == stage })?.outputs[port] else {
            return []
        }
        return try store().reader(reference, as: NumberRow.self).all().map(\.value)
    }

    /// The contents of the blobs in the store, sorted.
    func blobs() throws -> [String] {
        let root = folder.appending(path: "store/blobs/sha256")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.contains("/") }
        return try paths.map { try String(contentsOf: root.appending(path: $0), encoding: .utf8) }.sorted()
    }

    /// The whole text of the error that loading the plan gives, with this folder's path left out.
    func message(
        _ name: String = "plan.yaml", overlays: [String] = [], settings: [String] = []
    ) -> String {
        do {
            _ = try load(name, overlays: overlays, settings: settings)
            return "no error"
        } catch {
            return "\(error)".replacingOccurrences(of: folder.path + "/", with: "")
        }
    }
}

/// What a run of a test gave.
struct Outcome {
    var report: RunReport
    var events: [RunEvent]

    /// Names of the stages that were computed, in the order in which they started.
    var started: [String] {
        events.compactMap { if case .stageStarted(let stage, 1) = $0 { stage } else { nil } }
    }

    /// `name outcome`, in the order of the plan.
    var outcomes: [String] { report.stages.map { "\($0.stage) \($0.outcome.word)" } }

    func outcome(_ stage: String) -> StageOutcome? { report.stages.first { $0.stage == stage }?.outcome }
    func decision(_ stage: String) -> CacheDecision? { report.stages.first { $0.stage == stage }?.decision }
    func digest(_ stage: String, _ port: String = "numbers") -> ContentDigest? {
        report.stages.first { $0.stage == stage }?.outputs[port]?.digest
    }

    var warnings: [String] {
        events.compactMap { if case .warning(_, let text) = $0 { text } else { nil } }
    }
    var shards: [ShardReport] { events.compactMap { if case .shardDone(let shard) = $0 { shard } else { nil } } }
}

/// True for the first who asks.
final class Once: Sendable {
    private let asked = Mutex(false)
    var isFirst: Bool {
        asked.withLock { asked in
            defer { asked = true }
            return !asked
        }
    }
}

final class EventList: Sendable {
    private let events = Mutex<[RunEvent]>([])
    var all: [RunEvent] { events.withLock { $0 } }
    var append: RunObserver { { event in self.events.withLock { $0.append(event) } } }
}
