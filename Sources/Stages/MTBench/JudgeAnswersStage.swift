internal import Artifacts
package import Model
package import Pipeline

/// `mt-bench-judge`: lets a judge rate each turn of MT-Bench answers by itself (single-answer grading), math, coding and
/// reasoning beside a reference answer.
package struct JudgeAnswersStage: Stage {
    package struct Parameters: JudgingParameters {
        enum CodingKeys: String, CodingKey {
            case samples, temperature, scoring, resamples, precision, weights
            case topP = "top_p", maxTokens = "max_tokens", referenceCategories = "reference_categories"
        }

        /// Verdicts on each turn, averaged over those that have a score: FastChat asks once.
        package var samples = 1
        /// FastChat's.
        package var temperature = 0.0
        package var topP = 1.0
        /// The longest reply, in tokens: FastChat's.
        package var maxTokens = 2048
        package var scoring = JudgeScoring.sampled
        /// Whose answers are judged beside a reference: FastChat's.
        package var referenceCategories = ["math", "reasoning", "coding"]
        /// Bootstrap resamples behind each interval. The paper gives no intervals.
        package var resamples = 2000
        /// Of matrix products' factors: see `Precision`. The paper does not say.
        package var precision = Precision.bfloat16
        /// Of the judge: see `WeightFormat`. The paper does not say.
        package var weights = WeightFormat.full

        package init() {}
    }

    package static let kind: StageKind = "mt-bench-judge"
    package static let version = 3
    package static let usesSeed = true
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        // The judge.
        ServedModel.judgePort("model"),
        // Of 'mt-bench-answer', or a file of FastChat's form.
        Port("answers", schema: MTBenchAnswer.schema.description, alternatives: [ArtifactReference.blobSchema]),
        Port("questions", schema: ArtifactReference.blobSchema, acceptsMany: true),
        Port("references", schema: ArtifactReference.blobSchema, isOptional: true, acceptsMany: true),
        Port("rubrics", schema: ArtifactReference.blobSchema, acceptsMany: true),
    ]
    package static let outputs = [
        Port("measurements", schema: Measurement.schema.description),
        Port("judgements", schema: MTBenchJudgement.schema.description),
    ]

    private let parameters: Parameters
    private let settings: JudgeSettings

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        settings = parameters.judge
        try settings.validate(for: Self.self)
        try Self.require(parameters.resamples, in: ParameterLimit.resamples, "resamples")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let turns = try turns(inputs, context)
        let judgements = try await judge(turns, inputs, context)
        context.warnOfPromptsThatDoNotFit(judgements.flatMap(\.verdicts).map(\.finish), unit: "verdicts")
        let unanswered = judgements.count(where: \.verdicts.isEmpty)
        if unanswered > 0 {
            context.warn("\(unanswered) of \(judgements.count) turns have no answer, and so no score")
        }
        if parameters.scoring == .sampled, unanswered < judgements.count,
            judgements.allSatisfy({ $0.score == nil })
        {
            context.warn("no reply of the judge has a score; give another judge, or set 'scoring: expected'")
        }
        let items = judgements.grouped(by: \.answerID).map { group in
            MTBenchScores.Item(category: group.elements[0].category, scores: group.elements.map(\.score))
        }
        let scales = turns.map(\.rubric.form.scale)
        let measurements = MTBenchScores(
            items, scale: (scales.map(\.lowerBound).min() ?? 0)...(scales.map(\.upperBound).max() ?? 0),
            estimator: context.estimator(resamples: parameters.resamples)
        ).measurements
        return StageOutputs(
            [
                "measurements": try context.write(measurements, to: "measurements"),
                "judgements": try context.write(judgements, to: "judgements"),
            ],
            summary: try summary(judgements, measurements).reproducible(asFrom: "model", of: inputs))
    }

    /// Each turn that is to be judged, with its rubric, in the order of the questions.
    private func turns(_ inputs: StageInputs, _ context: StageContext) throws -> [JudgedTurn] {
        let rubrics = try MTBenchRubrics(blobs: "rubrics", of: inputs)
        let answers = try AnsweredQuestions(inputs, context).answers
        let references =
            inputs.isConnected("references") ? try FastChatAnswers.read(inputs.namedBlobs("references")) : [:]
        let needing = Set(parameters.referenceCategories)
        var unreferenced = 0
        let turns = try answers.flatMap { answer -> [JudgedTurn] in
            let needsReference = needing.contains(answer.category)
            let reference = needsReference ? references[answer.questionID] : nil
            if needsReference, (reference?.count ?? 0) < answer.turns.count { unreferenced += 1 }
            return try answer.turns.indices.map { index in
                let shown = reference.flatMap { $0.count > index ? $0 : nil }
                let rubric = try rubrics.rubric(
                    for: .init(turn: index + 1, withReference: shown != nil), stage: Self.kind)
                return JudgedTurn(answer: answer, index: index, references: shown ?? [], rubric: rubric)
            }
        }
        if unreferenced > 0 {
            context.warn(
                "\(unreferenced) answers of \(needing.sorted().joined(separator: ", ")) are judged without a reference; "
                    + "connect a file that has theirs to 'references'")
        }
        return turns
    }

    private func judge(
        _ turns: [JudgedTurn], _ inputs: StageInputs, _ context: StageContext
    ) async throws -> [MTBenchJudgement] {
        let total = turns.count { !$0.isMissing } * settings.samples
        guard total > 0 else { return turns.map { $0.judgement([]) } }
        let writer = try context.replyWriter(inputs, settings: settings, replies: total)
        return try await context.shards("judgements", of: MTBenchJudgement.self, items: turns.count) { range in
            let tasks = turns[range].filter { !$0.isMissing }.map(\.task)
            var replies = try await writer.scores(of: tasks, settings: settings, total: total)[...]
            return turns[range].map { $0.judgement($0.isMissing ? [] : replies.removeFirst()) }
        }
    }

    private func summary(_ judgements: [MTBenchJudgement], _ measurements: [Measurement]) -> JSONValue {
        let replies = judgements.flatMap(\.verdicts), unparsed = replies.compactMap { $0.reason?.rawValue }
        let parseRate = replies.isEmpty ? nil : Double(replies.count - unparsed.count) / Double(replies.count)
        return .object([
            "judged": .count(judgements.count), "verdicts": .count(replies.count),
            "parse_rate": .number(parseRate),
            "unparsable": .counts(unparsed.reduce(into: [:]) { $0[$1, default: 0] += 1 }),
            "unanswered": .count(judgements.count { $0.verdicts.isEmpty }),
            "unscored": .count(judgements.count { $0.score == nil }),
            "with_reference": .count(judgements.count(where: \.withReference)),
            "score_histogram": .histogram(replies.compactMap(\.value)),
            "measurements": .measurements(measurements),
        ])
    }
}

/// A turn of an answer, and what the judge is shown of it.
private struct JudgedTurn {
    let answer: MTBenchAnswer
    /// From 0.
    let index: Int
    /// None where the rubric shows none.
    let references: [String]
    let rubric: MTBenchRubric

    /// Nobody is asked about an answer that is not there.
    var isMissing: Bool { answer.turns[index].isMissing }

    var task: ScoredTask {
        ScoredTask(
            JudgeTask(
                id: "\(answer.id)/\(index + 1)", text: rubric.render(answer.turns, references: references)),
            form: rubric.form)
    }

    func judgement(_ verdicts: [Judgement.Reply]) -> MTBenchJudgement {
        MTBenchJudgement(
            answer, turn: index + 1, withReference: rubric.purpose.withReference, verdicts: verdicts)
    }
}
