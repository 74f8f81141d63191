internal import Artifacts
package import Pipeline

/// `check-answers`: how many answers to the tasks of a world are right, which a program tells and no judge.
package struct CheckAnswersStage: Stage {
    package struct Parameters: StageParameters {
        /// Bootstrap resamples behind each interval.
        package var resamples = 2000

        package init() {}
    }

    package static let kind: StageKind = "check-answers"
    package static let version = 2
    package static let usesSeed = true
    package static let inputs = [
        Port("answers", schema: Candidate.schema.description),
        // What a judge says of these answers: how far does it see the truth?
        Port("judgements", schema: Judgement.schema.description, isOptional: true),
        // Another model's answers to the same tasks, to be compared with.
        Port("baseline", schema: Candidate.schema.description, isOptional: true),
        // Those of the model that this one was trained from.
        Port("previous", schema: Candidate.schema.description, isOptional: true),
        // What the model was trained on: how many pairs prefer the better response?
        Port("pairs", schema: PreferencePair.schema.description, isOptional: true, acceptsMany: true),
    ]
    package static let outputs = [Port("measurements", schema: Measurement.schema.description)]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.resamples, in: ParameterLimit.resamples, "resamples")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let answers = try inputs.rows("answers", as: Candidate.self)
        if answers.isEmpty { context.warn("no answers to check; how good they are is not known") }
        let judgements = try (inputs.optionalRows("judgements", as: Judgement.self) ?? []).byCandidate()
        let scores = judgements.compactMapValues(\.score)
        let quality = AnswerQuality(context.estimator(resamples: parameters.resamples))
        let items = try Self.items(answers, scores)
        var measurements = quality.success(items)
        if let baseline = try inputs.optionalRows("baseline", as: Candidate.self) {
            measurements.append(quality.gain(items, over: try Self.items(baseline, [:]), ofWhom: .baseline))
        }
        if let previous = try inputs.optionalRows("previous", as: Candidate.self) {
            measurements.append(quality.gain(items, over: try Self.items(previous, [:]), ofWhom: .previous))
        }
        if inputs.isConnected("judgements") { measurements += quality.judging(items) }
        if let pairs = try inputs.optionalRows("pairs", as: PreferencePair.self) {
            measurements.append(
                quality.preferences(
                    try pairs.map { (try Self.task($0.prompt, $0.id), chosen: $0.chosen, rejected: $0.rejected) }))
        }
        return StageOutputs(
            ["measurements": try context.write(measurements, to: "measurements")],
            summary: .object([
                "answers": .count(answers.count),
                "cut_off": .count(answers.count { $0.finish != .stop }),
                "measurements": .measurements(measurements),
            ]))
    }

    private static func items(_ answers: [Candidate], _ scores: [String: Double]) throws -> [AnswerQuality.Item] {
        try answers.grouped(by: \.promptID).map { group in
            AnswerQuality.Item(
                task: try task(group.elements[0].prompt, group.key),
                answers: group.elements.map {
                    .init(text: $0.text, isWhole: $0.finish == .stop, score: scores[$0.id])
                })
        }
    }

    /// - Throws: `StageError.notATask`.
    private static func task(_ prompt: String, _ id: String) throws -> WordTask {
        guard let task = WordTask(prompt: prompt) else { throw StageError.notATask(row: id, prompt: prompt) }
        return task
    }
}
