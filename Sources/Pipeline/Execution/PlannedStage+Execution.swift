internal import Artifacts

extension PlannedStage {
    /// Computes the stage once, on a thread of its own, whoever asks: a run or an audit.
    ///
    /// - Parameters:
    ///   - key: under which it finds and leaves staged pieces.
    ///   - store: where its outputs go.
    func execute(
        _ inputs: StageInputs, key: ContentDigest, in store: ArtifactStore, execution: ExecutionOptions,
        stop: StopSignal, observer: @escaping RunObserver
    ) async throws -> StageOutputs {
        let runnable = try definition.makeStage(parameters: parameters)
        // A stage that draws no random number gets a seed that is always the same, so that it cannot depend on one.
        let root = SeedPath(root: definition.usesSeed ? seed : 0)
        let context = StageContext(
            stageName: name, outputs: definition.outputs, seed: root.child(kind.rawValue), execution: execution,
            store: store, staging: try store.staging(for: key), stop: stop, observer: observer)
        return try await withTaskExecutorPreference(StageThread(stage: name)) {
            try await runnable.run(inputs: inputs, context: context)
        }
    }
}
