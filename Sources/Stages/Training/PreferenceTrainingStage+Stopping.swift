internal import Model
internal import Pipeline

/// Early stopping (paper §3.1.3): who compares the checkpoints, and what is to be said of it.
extension PreferenceTrainingStage {
    /// Tells of a judge that said nothing, and of a model that never won.
    func warn(of contest: CheckpointContest, _ context: StageContext) {
        let verdicts = contest.rounds.flatMap(\.verdicts)
        context.warnOfPromptsThatDoNotFit(verdicts.flatMap(\.replies).map(\.finish), unit: "verdicts")
        let silent = contest.rounds.count(where: \.rate.isSilent)
        if silent > 0 {
            context.warn(
                "\(silent) of \(contest.rounds.count) checkpoints were compared without any outcome, and training went on: the "
                    + "judge's replies name no winner; set 'stopping: {scoring: expected}', or give another judge")
        }
        if contest.best == 0, !contest.rounds.isEmpty {
            context.warn("no checkpoint wins against the model that training began with; it is passed on unchanged")
        }
    }

    /// The contest of checkpoints; nil where no prompts are connected for it.
    func contest(
        for policy: PretrainedModel, _ inputs: StageInputs, _ context: StageContext
    ) throws -> CheckpointContest? {
        guard inputs.isConnected("stopping-prompts") else {
            for port in ["stopping-judge", "stopping-rubric"] where inputs.isConnected(port) {
                throw StageError.missingInput(
                    stage: Self.kind.rawValue, port: "stopping-prompts",
                    because: "'\(port)' is connected, and checkpoints are compared on prompts")
            }
            return nil
        }
        for port in ["stopping-judge", "stopping-rubric"] where !inputs.isConnected(port) {
            throw StageError.missingInput(
                stage: Self.kind.rawValue, port: port,
                because: "'stopping-prompts' is connected, and checkpoints need a judge")
        }
        var seen: Set<String> = []
        let prompts = try SampledPrompt.read("stopping-prompts", of: inputs).filter { seen.insert($0.id).inserted }
        let trained = Set(try inputs.rows("pairs", as: PreferencePair.self).map(\.prompt))
        let known = prompts.count { trained.contains($0.text) }
        if known > 0 {
            context.warn(
                "\(known) of \(prompts.count) stopping prompts are trained on: they do not show when the model stops getting "
                    + "better")
        }
        guard !prompts.isEmpty else {
            context.warn("there are no stopping prompts; training is not ended early")
            return nil
        }
        let settings = parameters.stopping.judge(parameters.precision)
        return try CheckpointContest(
            policy: policy, prompts: prompts,
            comparer: context.comparer(
                inputs, model: "stopping-judge", rubric: "stopping-rubric", settings: settings,
                replies: prompts.count * ResponseComparer.replies(perMatch: settings), stage: Self.kind),
            settings: parameters.stopping, precision: parameters.precision, context: context)
    }
}
