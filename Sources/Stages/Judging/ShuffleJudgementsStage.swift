internal import Artifacts
internal import Model
package import Pipeline

/// `shuffle-judgements`: a control, and no part of the paper. Deals each prompt's verdicts out to its responses anew, at
/// random: a judge that knows nothing.
///
/// Scores, ties and therefore the number of pairs stay as they were; only which response a score belongs to is lost. What
/// a loop gains with the judge and not with this is the judge's doing.
package struct ShuffleJudgementsStage: Stage {
    package static let kind: StageKind = "shuffle-judgements"
    package static let version = 1
    package static let usesSeed = true
    package static let inputs = [Port("judgements", schema: Judgement.schema.description, acceptsMany: true)]
    package static let outputs = [Port("judgements", schema: Judgement.schema.description)]

    package init(parameters: NoParameters) {}

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let judgements = try inputs.rows("judgements", as: Judgement.self)
        var shuffled: [String: [Judgement.Reply]] = [:]
        // A response that is missing was not judged, and stays so.
        for group in judgements.filter({ !$0.verdicts.isEmpty }).grouped(by: \.promptID) {
            var generator = Philox(key: context.seed.child(group.key, "shuffle").key)
            let dealt = generator.shuffled(group.elements.map(\.verdicts))
            for (judgement, verdicts) in zip(group.elements, dealt) { shuffled[judgement.candidateID] = verdicts }
        }
        let result = judgements.map {
            Judgement(candidateID: $0.candidateID, promptID: $0.promptID, verdicts: shuffled[$0.candidateID] ?? [])
        }
        return StageOutputs(
            ["judgements": try context.write(result, to: "judgements")],
            summary: .object(JudgeSummary.members(result)))
    }
}
