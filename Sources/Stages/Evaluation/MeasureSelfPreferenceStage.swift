internal import Artifacts
package import Pipeline

/// `self-preference`: whether a judge likes its own model's responses better than a second judge does. Not in the paper.
package struct MeasureSelfPreferenceStage: Stage {
    package struct Parameters: StageParameters {
        /// Bootstrap resamples behind each interval.
        package var resamples = 2000
        /// How many exchanges a randomization test draws, at most.
        package var permutations = 10_000

        package init() {}
    }

    package static let kind: StageKind = "self-preference"
    package static let version = 2
    package static let usesSeed = true
    package static let inputs = [
        // Responses of the model that judges, and of another, to the same prompts.
        Port("own", schema: Candidate.schema.description, acceptsMany: true),
        Port("other", schema: Candidate.schema.description, acceptsMany: true),
        // What the model says of both, and what a second judge does.
        Port("judgements", schema: Judgement.schema.description, acceptsMany: true),
        Port("second-judgements", schema: Judgement.schema.description, acceptsMany: true),
    ]
    package static let outputs = [Port("measurements", schema: Measurement.schema.description)]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.resamples, in: ParameterLimit.resamples, "resamples")
        try Self.require(parameters.permutations, in: 1...ParameterLimit.count, "permutations")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let own = try inputs.rows("own", as: Candidate.self), other = try inputs.rows("other", as: Candidate.self)
        // The same text under the same number is one candidate: of it no judge can know whose it is.
        let shared = Set(own.map(\.id)).intersection(other.map(\.id))
        func scores(_ port: String) throws -> [String: Double] {
            try inputs.rows(port, as: Judgement.self).filter { !shared.contains($0.candidateID) }.byCandidate()
                .compactMapValues(\.score)
        }
        let judge = try scores("judgements"), second = try scores("second-judgements")
        func byPrompt(_ candidates: [Candidate]) -> [(key: String, elements: [SelfPreference.Scores])] {
            candidates.grouped(by: \.promptID).map { group in
                (
                    group.key,
                    group.elements.compactMap { candidate in
                        guard let first = judge[candidate.id], let other = second[candidate.id] else { return nil }
                        return SelfPreference.Scores(judge: first, second: other)
                    }
                )
            }
        }
        let others = Dictionary(uniqueKeysWithValues: byPrompt(other).map { ($0.key, $0.elements) })
        let items = byPrompt(own).map { SelfPreference.Item(own: $0.elements, other: others[$0.key] ?? []) }
        let complete = items.count(where: \.isComplete)
        if complete == 0 {
            context.warn(
                shared.isEmpty
                    ? "no prompt has a response of both models that both judges scored: connect responses to the same prompts, "
                        + "and both judges' judgements of all of them"
                    : "no prompt has different responses of both models that both judges scored; those that both gave, "
                        + "\(shared.count), are left out")
        }
        let measurements = SelfPreference(
            items, permutations: parameters.permutations,
            estimator: context.estimator(resamples: parameters.resamples)
        ).measurements
        return StageOutputs(
            ["measurements": try context.write(measurements, to: "measurements")],
            summary: .object([
                "prompts": .count(complete), "shared_responses": .count(shared.count),
                "measurements": .measurements(measurements),
            ]))
    }
}
