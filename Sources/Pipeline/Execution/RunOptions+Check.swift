public import Artifacts

extension RunOptions {
    /// Refuses a run in which a stage that has to run, or may have to, needs more cores or memory than there are. A
    /// result that is at hand needs none.
    /// - Parameter store: nil where there is none yet.
    /// - Throws: `PipelineError.tooFewCores`, `.tooLittleMemory`; otherwise as `PlanForecast`.
    public func check(_ plan: PipelinePlan, store: ArtifactStore?) throws {
        let wanted = plan.graph.ancestors(
            of: targets.isEmpty ? Array(plan.stages.indices) : targets.compactMap { plan.graph.position(of: $0) })
        let excessive = Set(wanted.map { plan.stages[$0] }.filter { excess(of: $0) != nil }.map(\.name))
        // Looking into the store takes time, and is rarely needed.
        guard !excessive.isEmpty else { return }
        let forecast = try PlanForecast(plan: plan, store: store, forced: forced, strictness: strictness)
        for stage in forecast.stages where excessive.contains(stage.name) && stage.state != .cached {
            if let error = excess(of: stage.stage) { throw error }
        }
    }

    /// What `stage` asks for and the run does not have.
    private func excess(of stage: PlannedStage) -> PipelineError? {
        let settings = stage.execution
        if let needs = settings.cpus, needs > cores {
            let place = settings.places["cpus"] ?? stage.location
            return .tooFewCores(stage: stage.name, needs: needs, has: cores, at: place)
        }
        if let needs = settings.memory, let memory, needs > memory {
            let place = settings.places["memory"] ?? stage.location
            return .tooLittleMemory(stage: stage.name, needs: needs, has: memory, at: place)
        }
        return nil
    }
}
