internal import Artifacts
internal import Model
package import Pipeline

/// `human-votes`: counts what people found of the ballots dealt to them, and how far they agree (paper §3.2.1).
package struct CountBallotsStage: Stage {
    package struct Parameters: StageParameters {
        /// Bootstrap resamples behind each interval. The paper gives none.
        package var resamples = 2000

        package init() {}
    }

    package static let kind: StageKind = "human-votes"
    package static let version = 2
    package static let numerics = ModelNumerics.current
    package static let inputs = [
        Port("ballots", schema: Ballot.schema.description),
        // The raters' forms, in any order.
        Port("votes", schema: ArtifactReference.blobSchema, acceptsMany: true),
    ]
    package static let outputs = [
        Port("measurements", schema: Measurement.schema.description),
        Port("verdicts", schema: HumanVerdict.schema.description),
    ]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.resamples, in: ParameterLimit.resamples, "resamples")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let ballots = try inputs.rows("ballots", as: Ballot.self)
        let votes = try inputs.namedBlobs("votes").flatMap { try VotingForm.read($0.url, name: $0.name) }
        let count = try VoteCount(ballots, votes)
        if count.missing > 0 {
            context.warn("\(count.missing) of \(ballots.count) ballots have no vote")
        }
        if count.contradictory > 0 {
            context.warn("\(count.contradictory) ballots have several votes that differ; none of these counts")
        }
        let bootstrap = Bootstrap(resamples: parameters.resamples)
        let measurements = count.measurements(bootstrap: bootstrap) {
            Philox(key: context.seed.child("bootstrap", $0).key)
        }
        func outcomes(_ outcome: PairwiseJudgement.Outcome) -> JSONValue {
            .count(count.verdicts.count { $0.outcome == outcome })
        }
        return StageOutputs(
            [
                "measurements": try context.write(measurements, to: "measurements"),
                "verdicts": try context.write(count.verdicts, to: "verdicts"),
            ],
            summary: .object([
                "prompts": .count(count.verdicts.count), "votes": .count(ballots.count - count.missing),
                "missing": .count(count.missing), "repeated": .count(count.repeated),
                "contradictory": .count(count.contradictory),
                "wins": outcomes(.first), "ties": outcomes(.tie), "losses": outcomes(.second),
                "no_verdict": outcomes(.noVerdict), "measurements": .measurements(measurements),
            ]))
    }
}
