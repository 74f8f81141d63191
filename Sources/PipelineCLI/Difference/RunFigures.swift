internal import Artifacts
internal import Foundation
internal import Pipeline

/// What one run's stages say of themselves, and how to call the run beside others.
struct RunFigures {
    let run: RunReference
    /// The overlays and settings that it was given, or its pipeline: `loss-ipo`, `seed=7`.
    let label: String
    let stages: [StageFigures]
    let table: SummaryTable
    /// How many stages there were by what became of them: `cached`, `ran`.
    private let counts: PastRun

    /// - Throws: as `RunReference` does; `CommandError.resultGone` for a stage whose result the store no longer has.
    init(_ name: String, in store: ArtifactStore) throws {
        let run = try RunReference(name, in: store)
        let listing = try PastRun.listing(run.id, in: store)
        self.run = run
        label = RunCommandRecord(run: listing).flatMap(Self.label) ?? run.pipeline
        counts = PastRun(listing, known: [])
        stages = try run.stages.compactMap { stage in
            // A stage that failed or was never reached says nothing.
            guard let key = stage.key, !stage.outputs.isEmpty else { return nil }
            guard let record = try store.stageRecord(for: key) else {
                throw CommandError.resultGone(stage: stage.name, run: run.id)
            }
            return StageFigures(stage: stage.name, kind: stage.kind, summary: record.facts["summary"] ?? [:])
        }
        table = SummaryTable(stages)
    }

    private static func label(_ command: RunCommandRecord) -> String? {
        let overlays = command.overlays.map { URL(filePath: $0).deletingPathExtension().lastPathComponent }
        let parts = overlays + command.settings
        return parts.isEmpty ? nil : parts.joined(separator: " + ")
    }

    func count(_ outcome: String) -> Int { counts.count(outcome) ?? 0 }

    /// How many of its stages have the key of a stage of `other`.
    func shared(with other: RunFigures) -> Int {
        let keys = Set(other.run.stages.compactMap(\.key))
        return run.stages.count { stage in stage.key.map(keys.contains) ?? false }
    }
}
