internal import Model
internal import Pipeline

extension StageContext {
    /// A judge for this stage: the model at `model`, the template at `rubric`, and worked examples from the optional
    /// `judge-examples`.
    /// - Parameter items: how many responses it is to judge in all.
    func judge(_ inputs: StageInputs, settings: JudgeSettings, items: Int, stage: StageKind) throws -> Judge {
        let count = settings.workedExamples
        let template = try JudgeTemplate(blob: "rubric", of: inputs)
        var examples: [WorkedExample] = []
        if count > 0 {
            guard let rows = try inputs.optionalRows("judge-examples", as: JudgeExample.self) else {
                throw StageError.missingInput(
                    stage: stage.rawValue, port: "judge-examples", because: "'worked_examples' is \(count)")
            }
            var generator = Philox(key: seed.child("worked-examples").key)
            examples = WorkedExampleChoice.choose(count, from: rows, generator: &generator)
            if examples.count < count {
                warn(
                    "\(examples.count) worked examples are shown, not \(count): "
                        + "there are no more judge examples to choose from")
            }
        }
        return try Judge(
            Writer(
                try model("model", of: inputs), precision: settings.precision, weights: settings.weights,
                requests: items * settings.samples, context: self),
            template: template, settings: settings, workedExamples: examples, seed: seed)
    }
}
