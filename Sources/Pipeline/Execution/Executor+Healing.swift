internal import Artifacts

/// What a run has done about damaged inputs, so that it does nothing twice.
struct Healing {
    /// What is, or was, to be made again, by the position of its stage.
    private(set) var rebuilds: [Int: StageAttempt.Rebuild] = [:]
    private var readings: Set<Reading> = []

    private struct Reading: Hashable {
        var stage: Int
        var path: String
    }

    /// Whether `stage` stumbles over the file at `path` for the first time.
    mutating func isFirst(_ stage: Int, at path: String) -> Bool {
        readings.insert(Reading(stage: stage, path: path)).inserted
    }

    /// Notes that `producer` is to be run again; false where it was noted before, since once must be enough.
    mutating func begin(_ rebuild: StageAttempt.Rebuild, of producer: Int) -> Bool {
        if rebuilds[producer] != nil { return false }
        rebuilds[producer] = rebuild
        return true
    }
}

extension Executor {
    /// What is to follow where the stage `reader` failed because of a damaged or missing file of the store: the stage
    /// that made it is run again, and then `reader`. Nil where `error` is about anything else.
    func heal(_ reader: Int, _ error: any Error, _ log: RunLog) -> Schedule.Next? {
        guard let damage = (error as? ArtifactError)?.damage, store.isContent(damage.path) else { return nil }
        let isFirst = healing.isFirst(reader, at: damage.path)
        let origin = origin(of: damage.path, before: reader)
        if !isFirst || (origin == nil && !readsSources(reader)) {
            let lost = PipelineError.inputLost(
                stage: plan.stages[reader].name, path: damage.path, reason: damage.reason,
                wasRebuilt: origin != nil && !isFirst)
            return fail(reader, lost, log)
        }
        // The next run finds the damage again.
        if schedule.isStopping { return nil }
        guard let origin else {
            // The copy of a source: it is compared with the source, and made anew, whenever a reader begins.
            log.report(
                .warning(stage: plan.stages[reader].name, text: Self.text(damage, "the sources are copied again")))
            return schedule.lost(reader, awaiting: nil)
        }
        let producer = origin.producer
        let rebuild = StageAttempt.Rebuild(path: damage.path, promised: origin.record)
        guard healing.begin(rebuild, of: producer) else { return join(reader, awaiting: producer, log) }
        do {
            try prepareRebuild(origin, damage, log)
        } catch {
            return fail(reader, error, log)
        }
        let name = plan.stages[producer].name
        log.report(.stagePostponed(stage: plan.stages[reader].name, awaiting: name))
        let file = origin.file.name(in: name)
        log.report(
            .warning(
                stage: plan.stages[reader].name,
                text: Self.text(damage, "it is \(file); stage '\(name)' is run again to make it anew")))
        return schedule.lost(reader, awaiting: producer)
    }

    /// What is to follow where another reader has had `producer` run again. Nil where that came to nothing.
    private func join(_ reader: Int, awaiting producer: Int, _ log: RunLog) -> Schedule.Next? {
        switch schedule.states[producer] {
        case .done:
            // Made again since this stage read it.
            return schedule.lost(reader, awaiting: nil)
        case .waiting, .deciding, .queued, .running:
            log.report(.stagePostponed(stage: plan.stages[reader].name, awaiting: plan.stages[producer].name))
            return schedule.lost(reader, awaiting: producer)
        case .failed, .skipped, .notStarted:
            return nil
        }
    }

    /// A result that a file is part of.
    struct Origin {
        var producer: Int
        var record: StageRecord
        var file: ResultFile
    }

    /// The first stage of the plan before `reader` whose result the file is part of: that made it, where later ones, such
    /// as a training that leaves the tokenizer as it is, pass it on.
    private func origin(of path: String, before reader: Int) -> Origin? {
        let before = plan.graph.ancestors(of: [reader]).subtracting([reader])
        for position in plan.graph.order where before.contains(position) {
            if let record = records[position], let file = store.role(of: path, in: record) {
                return Origin(producer: position, record: record, file: file)
            }
        }
        return nil
    }

    private func readsSources(_ position: Int) -> Bool { !plan.stages[position].sourceNames.isEmpty }

    private func prepareRebuild(_ origin: Origin, _ damage: StoredDamage, _ log: RunLog) throws {
        let stage = plan.stages[origin.producer]
        let port = origin.file.port
        let decision = CacheDecision.miss(
            damage.isMissing ? .outputMissing(port: port) : .outputDamaged(port: port))
        let inputs = try stage.references { try reference($0) }
        let key = try StageKey(
            of: stage, inputs: inputs.mapValues { $0.map(\.digest) }, strictness: options.strictness)
        prepared[origin.producer] = try attempt(
            stage, key: key, decision: decision, inputs: inputs, rebuild: healing.rebuilds[origin.producer], log)
        reports[origin.producer].decision = decision
        log.report(.stagePlanned(stage: stage.name, key: key.digest, decision: decision))
    }

    private static func text(_ damage: StoredDamage, _ remedy: String) -> String {
        "'\(damage.path)' cannot be read: \(damage.reason); \(remedy)"
    }
}

extension ResultFile {
    /// The output port; nil for a blob.
    fileprivate var port: String? {
        if case .output(let port) = self { port } else { nil }
    }

    /// In words: `'seeds.examples'`, `a blob of 'm1'`.
    fileprivate func name(in stage: String) -> String {
        port.map { "'\(stage).\($0)'" } ?? "a blob of '\(stage)'"
    }
}
