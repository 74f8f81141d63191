internal import Model
internal import Pipeline

extension StageContext {
    /// A judge for this stage: the model at `model`, the template at `rubric`, and worked examples from the optional
    /// `judge-examples`.
    /// - Parameter items: how many responses it is to judge in all.
    func judge(_ inputs: StageInputs, settings: JudgeSettings, items: Int, stage: StageKind) throws -> Judge {
        let template = try JudgeTemplate(blob: "rubric", of: inputs)
        let writer = try replyWriter(
            inputs, settings: settings, replies: items * settings.samples,
            workedExamples: workedExamples(inputs, count: settings.workedExamples, stage: stage))
        return Judge(writer, template: template, settings: settings)
    }

    /// Who compares responses for this stage: the model and the rubric at these ports.
    /// - Parameter replies: how many it is to ask for in all.
    func comparer(
        _ inputs: StageInputs, model: String = "model", rubric: String = "rubric", settings: JudgeSettings,
        replies: Int,
        stage: StageKind
    ) throws -> ResponseComparer {
        let rubric = try ComparisonRubric(blob: rubric, of: inputs)
        if case .pairwise = rubric, settings.workedExamples > 0 {
            throw StageError.invalidParameter(
                stage: stage.rawValue, name: "worked_examples",
                problem:
                    "is \(settings.workedExamples), and judge examples score one response; set it to 0, or give a rubric "
                    + "with '{response}'")
        }
        let writer = try replyWriter(
            inputs, model: model, settings: settings, replies: replies,
            workedExamples: workedExamples(inputs, count: settings.workedExamples, stage: stage))
        return ResponseComparer(writer, rubric: rubric, settings: settings)
    }

    /// Who writes a judge's replies for this stage: the model at `port`, of the store or behind a server.
    /// - Parameter replies: how many it is to be asked for in all.
    func replyWriter(
        _ inputs: StageInputs, model port: String = "model", settings: JudgeSettings, replies: Int,
        workedExamples: [WorkedExample] = []
    ) throws -> any ReplyWriter {
        if let served = try inputs.servedModel(port) {
            guard settings.scoring == .sampled else {
                throw StageError.server(
                    url: served.url,
                    problem:
                        "gives no probabilities of single tokens; set 'scoring: sampled', or judge with a model of the store"
                )
            }
            warn("'\(served.model)' at \(served.url) judges: what a server writes need not be the same again")
            return ServerReplyWriter(
                try ChatServer(served), sampling: settings.sampling, maxTokens: settings.maxTokens,
                workedExamples: workedExamples, seed: seed, context: self)
        }
        return try ModelReplyWriter(
            Writer(
                model(port, of: inputs), precision: settings.precision, weights: settings.weights,
                requests: replies, context: self),
            sampling: settings.sampling, maxTokens: settings.maxTokens, workedExamples: workedExamples, seed: seed)
    }

    private func workedExamples(_ inputs: StageInputs, count: Int, stage: StageKind) throws -> [WorkedExample] {
        guard count > 0 else { return [] }
        guard let rows = try inputs.optionalRows("judge-examples", as: JudgeExample.self) else {
            throw StageError.missingInput(
                stage: stage.rawValue, port: "judge-examples", because: "'worked_examples' is \(count)")
        }
        var generator = Philox(key: seed.child("worked-examples").key)
        let examples = WorkedExampleChoice.choose(count, from: rows, generator: &generator)
        if examples.count < count {
            warn(
                "\(examples.count) worked examples are shown, not \(count): "
                    + "there are no more judge examples to choose from")
        }
        return examples
    }
}
