internal import Artifacts
package import Pipeline

/// `count-votes`: wins, ties and losses of models, and the agreement of judges, from files of votes: those of MT-Bench's
/// people and of GPT-4 (Zheng et al., 2023), or any that FastChat wrote.
package struct CountVotesStage: Stage {
    package struct Parameters: StageParameters {
        /// Bootstrap resamples behind each interval.
        package var resamples = 2000

        package init() {}
    }

    package static let kind: StageKind = "count-votes"
    package static let version = 2
    package static let inputs = [Port("votes", schema: ArtifactReference.blobSchema, acceptsMany: true)]
    package static let outputs = [Port("measurements", schema: Measurement.schema.description)]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.resamples, in: ParameterLimit.resamples, "resamples")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let file = try VoteFile(inputs.namedBlobs("votes"))
        if file.errors > 0 {
            context.warn("\(file.errors) pairs of games are left out: one of the two is an error")
        }
        if file.votes.isEmpty { context.warn("no vote is left to count: nothing is measured") }
        let statistics = VoteStatistics(
            file.votes, estimator: context.estimator(resamples: parameters.resamples))
        let measurements = statistics.standings + statistics.agreements
        return StageOutputs(
            ["measurements": try context.write(measurements, to: "measurements")],
            summary: .object([
                "votes": .counts(file.votes.reduce(into: [:]) { $0[$1.judge, default: 0] += 1 }),
                "errors": .count(file.errors), "inconsistent": .count(file.inconsistent),
                "measurements": .measurements(measurements),
            ]))
    }
}
