internal import Artifacts
internal import Model
package import Pipeline

/// `human-packet`: deals out two models' responses to people who are to compare them without knowing whose they are
/// (paper §3.2.1, human evaluation: 50 instructions, three raters).
///
/// `pipeline export --format human-packet` makes a page and a form of each rater's ballots; `human-votes` counts the forms.
package struct DealBallotsStage: Stage {
    package struct Parameters: StageParameters {
        /// Prompts, drawn by lot (paper §3.2.1). Which are drawn depends on the prompts alone: packets about several models'
        /// responses to the same prompts have the same ones.
        package var prompts = 50
        /// Who each see all of them (paper §3.2.1).
        package var raters = 3

        package init() {}
    }

    package static let kind: StageKind = "human-packet"
    package static let version = 1
    package static let usesSeed = true
    package static let inputs = [
        Port("candidates", schema: Candidate.schema.description, acceptsMany: true),
        Port("baseline", schema: Candidate.schema.description, acceptsMany: true),
    ]
    package static let outputs = [Port("ballots", schema: Ballot.schema.description)]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.prompts, in: 1...ParameterLimit.count, "prompts")
        try Self.require(parameters.raters, in: 1...ParameterLimit.raters, "raters")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let matches = try inputs.responseMatches(context)
        // One match a prompt: several of one would not be independent, and would tire the raters.
        let whole = matches.filter { !$0.isMissing }.grouped(by: \.first.promptID).compactMap {
            $0.elements.min { $0.first.index < $1.first.index }
        }
        if whole.count < parameters.prompts {
            context.warn(
                "\(whole.count) prompts have both responses, and \(parameters.prompts) are asked for; all are taken")
        }
        let drawn = Self.byLot(whole, context.seed.child("prompts")).prefix(parameters.prompts)
        let ballots = (1...parameters.raters).flatMap { rater in
            let seed = context.seed.child("rater", String(rater))
            return Self.byLot(Array(drawn), seed.child("order")).enumerated().map { index, match in
                var coin = Philox(key: seed.child("shown", match.first.promptID).key)
                return Ballot(
                    match, rater: rater, number: index + 1,
                    shown: coin.below(2) == 0 ? .firstThenSecond : .secondThenFirst)
            }
        }
        return StageOutputs(
            ["ballots": try context.write(ballots, to: "ballots")],
            summary: .object([
                "prompts": .count(drawn.count), "raters": .count(parameters.raters),
                "identical": .count(drawn.count(where: \.isIdentical)), "ballots": .count(ballots.count),
            ]))
    }

    /// In an order that depends on each prompt alone.
    private static func byLot(_ matches: [ResponseMatch], _ seed: SeedPath) -> [ResponseMatch] {
        matches.map { (lot: seed.child($0.first.promptID).key, match: $0) }
            .sorted { ($0.lot, $0.match.first.promptID) < ($1.lot, $1.match.first.promptID) }.map(\.match)
    }
}
