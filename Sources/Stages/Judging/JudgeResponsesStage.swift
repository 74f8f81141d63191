internal import Artifacts
package import Model
package import Pipeline

/// `judge`: lets the model score candidate responses (paper §2.2, Figure 2).
package struct JudgeResponsesStage: Stage {
    package struct Parameters: JudgingParameters {
        enum CodingKeys: String, CodingKey {
            case samples, temperature, scoring, precision, weights
            case topP = "top_p", maxTokens = "max_tokens", workedExamples = "worked_examples"
        }

        /// Verdicts for each response, averaged over those that have a score: paper §3.1.3.
        package var samples = 3
        /// Paper §3.1.3: as for responses.
        package var temperature = 0.7
        package var topP = 0.9
        /// The longest reply, in tokens. The rubric asks for 100 words and a score.
        package var maxTokens = 256
        package var scoring = JudgeScoring.sampled
        /// How many hand-judged examples stand before the task; the paper's judge sees none.
        package var workedExamples = 0
        /// Of matrix products' factors: see `Precision`. The paper does not say.
        package var precision = Precision.bfloat16
        /// Of the model that writes: see `WeightFormat`. The paper does not say.
        package var weights = WeightFormat.full

        package init() {}
    }

    package static let kind: StageKind = "judge"
    package static let version = 2
    package static let usesSeed = true
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        ServedModel.judgePort("model"),
        Port("candidates", schema: Candidate.schema.description, acceptsMany: true),
        Port("rubric", schema: ArtifactReference.blobSchema),
        Port("judge-examples", schema: JudgeExample.schema.description, isOptional: true, acceptsMany: true),
    ]
    package static let outputs = [Port("judgements", schema: Judgement.schema.description)]

    private let parameters: Parameters
    private let settings: JudgeSettings

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        settings = parameters.judge
        try settings.validate(for: Self.self)
    }

    package var rowPort: String? { "candidates" }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let candidates = try inputs.rows("candidates", as: Candidate.self)
        var judgements: [Judgement] = []
        if candidates.isEmpty {
            context.warn("no candidates to judge; the judgements are empty")
        } else {
            judgements = try await judge(candidates, inputs, context)
        }
        context.warnOfPromptsThatDoNotFit(judgements.flatMap(\.verdicts).map(\.finish), unit: "verdicts")
        if parameters.scoring == .sampled, !judgements.isEmpty, judgements.allSatisfy({ $0.score == nil }) {
            context.warn("no reply of the judge has a score; train it on judge examples, or set 'scoring: expected'")
        }
        let alarms = JudgeAlarms(
            zip(candidates, judgements).map { candidate, judgement in
                .init(characters: candidate.text.count, scores: judgement.verdicts.map(\.score))
            })
        for warning in alarms.warnings { context.warn(warning) }
        return StageOutputs(
            ["judgements": try context.write(judgements, to: "judgements")],
            summary: try JSONValue.object(
                JudgeSummary.members(judgements).merging(alarms.members) { first, _ in first }
            ).reproducible(asFrom: "model", of: inputs))
    }

    private func judge(
        _ candidates: [Candidate], _ inputs: StageInputs, _ context: StageContext
    ) async throws -> [Judgement] {
        let present = candidates.count { !$0.isMissing }
        let judge = try context.judge(inputs, settings: settings, items: present, stage: Self.kind)
        return try await context.shards("judgements", of: Judgement.self, items: candidates.count) { range in
            let items = candidates[range].filter { !$0.isMissing }.map {
                Judge.Item(id: $0.id, instruction: $0.prompt, response: $0.text)
            }
            var replies = try await judge.replies(to: items, of: present * parameters.samples)[...]
            return candidates[range].map { candidate in
                let verdicts = candidate.isMissing ? [] : replies.removeFirst()
                return Judgement(candidateID: candidate.id, promptID: candidate.promptID, verdicts: verdicts)
            }
        }
    }
}
