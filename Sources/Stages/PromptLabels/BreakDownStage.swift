internal import Artifacts
package import Pipeline

/// `break-down`: takes the results of `head-to-head` apart by labels of the prompts (paper §3.2.1, Figures 4 and 11).
package struct BreakDownStage: Stage {
    package struct Parameters: StageParameters {
        /// Bootstrap resamples behind each interval. The paper gives no intervals.
        package var resamples = 2000

        package init() {}
    }

    package static let kind: StageKind = "break-down"
    package static let version = 2
    package static let usesSeed = true
    package static let inputs = [
        Port("judgements", schema: PairwiseJudgement.schema.description, acceptsMany: true),
        // What a judge says of the prompts, or the file that they are from.
        Port(
            "labels", schema: PromptLabel.schema.description, alternatives: [PromptOrigin.schema.description],
            acceptsMany: true),
    ]
    package static let outputs = [Port("measurements", schema: Measurement.schema.description)]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.resamples, in: ParameterLimit.resamples, "resamples")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let judgements = try inputs.rows("judgements", as: PairwiseJudgement.self)
        let labels = try inputs.rows(
            "labels", first: { (label: PromptLabel) in label }, other: { (origin: PromptOrigin) in origin.label })
        let labelled = Set(labels.map(\.promptID))
        let missing = judgements.count { !labelled.contains($0.promptID) }
        if judgements.isEmpty {
            context.warn("no matches to break down")
        } else if missing > 0 {
            context.warn(
                "\(missing) of \(judgements.count) matches are of prompts that were not labelled; label the prompts that "
                    + "both models answered")
        }
        let measurements = try LabelledWinRates(
            judgements, labels: labels, estimator: context.estimator(resamples: parameters.resamples)
        ).measurements
        return StageOutputs(
            ["measurements": try context.write(measurements, to: "measurements")],
            summary: .object([
                "matches": .count(judgements.count), "labels": .count(labels.count),
                "measurements": .measurements(measurements),
            ]))
    }
}
