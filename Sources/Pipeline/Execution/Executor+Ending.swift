internal import Artifacts

/// What is left to do once the stages are done.
extension Executor {
    /// Lets names such as `m3.pairs` stand for what this run used. A stage that is not cached has no record to name.
    ///
    /// The results are in the store whether or not the names can be written: a failure is a warning.
    func noteUses(_ log: RunLog) {
        let named = zip(plan.stages, reports).filter { stage, report in
            report.outcome == .cached || report.outcome == .ran && stage.cache.writes
        }
        do {
            try store.note(
                named.compactMap { stage, report in
                    report.key.map { StageUse(pipeline: plan.name, stageName: stage.name, key: $0) }
                })
        } catch {
            log.report(.warning(stage: nil, text: "the names of this run's results cannot be noted: \(error)"))
        }
    }

    /// A source that its stage refused is part of no result. Its copy goes once the run has let go of the store.
    func takeBackRefusedSources() {
        let names = zip(plan.stages, reports).reduce(into: Set<String>()) { names, each in
            if case .failed = each.1.outcome { names.formUnion(each.0.sourceNames) }
        }
        let refused = names.sorted().compactMap { sources.known[$0] }
        guard !refused.isEmpty else { return }
        do {
            try store.takeBack(refused)
        } catch {
            observer(.warning(stage: nil, text: "copies of refused sources stay in the store: \(error)"))
        }
    }
}

extension PlannedStage {
    /// The sources that it reads from.
    var sourceNames: Set<String> {
        Set(
            connections.flatMap(\.origins).compactMap { origin in
                if case .source(let name) = origin { name } else { nil }
            })
    }
}

extension StageRecord {
    /// Wall time of the run that made it.
    var seconds: Double { facts["seconds"]?.doubleValue ?? 0 }
}
