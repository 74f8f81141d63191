internal import Artifacts
package import Pipeline

/// `compare-judges`: judges of the same held-out rankings side by side (paper Table 4, whose rows are models): each one's
/// numbers, by how much they change from one to the next, and how far judges agree with each other.
///
/// It reads what `evaluate-judge` and `likelihood-baseline` wrote, and asks no model.
package struct CompareJudgesStage: Stage {
    package struct Parameters: StageParameters {
        /// What the judges are called in the measurements, in the order of `judgements`; `judgements-1` and so on where none is
        /// given. A stage does not know the names of others.
        package var models: [String] = []
        /// The same, of `against`; `against-1` and so on.
        package var against: [String] = []
        /// Bootstrap resamples behind each interval.
        package var resamples = 2000
        /// How many exchanges a randomization test draws, at most. The standard error of a p of 0.05 is then 0.002.
        package var permutations = 10_000

        package init() {}
    }

    package static let kind: StageKind = "compare-judges"
    package static let version = 2
    package static let usesSeed = true
    package static let inputs = [
        Port("rankings", schema: Ranking.schema.description, acceptsMany: true),
        // Of the judges to be compared, one artifact each, the first of them first.
        Port("judgements", schema: Judgement.schema.description, acceptsMany: true),
        // Of others that each judge is held against: a second judge, or the likelihood of a response.
        Port("against", schema: Judgement.schema.description, isOptional: true, acceptsMany: true),
        // For its scale; that of Figure 2 without.
        Port("rubric", schema: ArtifactReference.blobSchema, isOptional: true),
    ]
    package static let outputs = [Port("measurements", schema: Measurement.schema.description)]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.resamples, in: ParameterLimit.resamples, "resamples")
        try Self.require(parameters.permutations, in: 1...ParameterLimit.count, "permutations")
        for (port, names) in [("models", parameters.models), ("against", parameters.against)] {
            for name in names { try Self.check(name, port) }
        }
        try Self.requireDifferent(parameters.models + parameters.against)
    }

    private static func requireDifferent(_ names: [String]) throws {
        let twice = names.first { name in names.count { $0 == name } > 1 }
        try require(
            twice == nil, "models",
            "and 'against' name '\(twice ?? "")' twice; give each judge a name of its own")
    }

    /// Names stand between `/` and `..` in those of measurements.
    private static func check(_ name: String, _ parameter: String) throws {
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        let isPlain = words.allSatisfy { word in
            !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
        }
        try require(
            isPlain, parameter,
            "names '\(name.prefix(40))'; a name has letters, digits, '-' and '_', and single points between them")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let rankings = try inputs.rows("rankings", as: Ranking.self)
        if rankings.isEmpty { context.warn("no rankings; nothing can be compared") }
        if rankings.count == 1 { context.warn("there is one ranking only: no number has an interval") }
        let judges = try self.judges(at: "judgements", named: parameters.models, by: "models", of: rankings, inputs)
        let others = try self.judges(at: "against", named: parameters.against, by: "against", of: rankings, inputs)
        try Self.requireDifferent((judges + others).map(\.name))
        if judges.count < 2, others.isEmpty {
            context.warn(
                "one judge has nothing to be compared with; connect a second one to 'judgements' or 'against'")
        }
        let scale =
            try inputs.isConnected("rubric")
            ? JudgeTemplate(blob: "rubric", of: inputs).form.scale : ScoreForm.additive.scale
        let estimator = context.estimator(resamples: parameters.resamples)
        let comparisons = Self.comparisons(judges, others)
        var measurements = (judges + others).flatMap { judge in
            JudgeMetric.headline(perfectScore: scale.upperBound).map { metric in
                estimator.ratio(
                    "\(metric.name)/\(judge.name)", judge.items.map(metric.sample), within: metric.bounds, metric.note
                )
            }
        }
        for (first, second) in comparisons {
            try context.checkCancellation()
            measurements +=
                JudgeComparison(
                    first, second, scale: scale, permutations: parameters.permutations, estimator: estimator
                ).measurements
        }
        return StageOutputs(
            ["measurements": try context.write(measurements, to: "measurements")],
            summary: .object([
                "rankings": .count(rankings.count),
                "models": .array(judges.map { .string($0.name) }),
                "against": .array(others.map { .string($0.name) }),
                "comparisons": .array(
                    comparisons.map { ["first": .string($0.first.name), "second": .string($0.second.name)] }),
                "measurements": .measurements(measurements),
            ]))
    }

    /// Each judge with the one before, the last with the first, and each with every one of the others.
    private static func comparisons(
        _ judges: [JudgeComparison.Judge], _ others: [JudgeComparison.Judge]
    ) -> [(first: JudgeComparison.Judge, second: JudgeComparison.Judge)] {
        var comparisons = Array(zip(judges, judges.dropFirst()))
        if judges.count > 2 { comparisons.append((judges[0], judges[judges.count - 1])) }
        return comparisons + others.flatMap { other in judges.map { (other, $0) } }
    }

    /// The judges whose judgements are connected to `port`, in order.
    private func judges(
        at port: String, named names: [String], by parameter: String, of rankings: [Ranking], _ inputs: StageInputs
    ) throws -> [JudgeComparison.Judge] {
        let readers = inputs.isConnected(port) ? try inputs.readers(port, as: Judgement.self) : []
        try Self.require(
            names.isEmpty || names.count == readers.count, parameter,
            "has \(names.count) names and '\(port)' \(readers.count) artifacts; give one name each, in their order")
        return try readers.enumerated().map { place, reader in
            let name = names.isEmpty ? "\(port)-\(place + 1)" : names[place]
            let judgements = try reader.all()
            try Self.check(judgements, of: name, rankings)
            return JudgeComparison.Judge(name: name, items: RankedItem.items(rankings, judgements))
        }
    }

    /// - Throws: `StageError.judgementsOfOthers` unless there is one judgement of each response, in order.
    private static func check(_ judgements: [Judgement], of judge: String, _ rankings: [Ranking]) throws {
        let expected = rankings.flatMap { ranking in ranking.responses.map { (ranking.id, $0.id) } }
        let differs = zip(judgements, expected).enumerated().first { _, pair in
            (pair.0.promptID, pair.0.candidateID) != pair.1
        }
        if differs == nil, judgements.count == expected.count { return }
        throw StageError.judgementsOfOthers(
            judge: judge, row: (differs?.offset ?? min(judgements.count, expected.count)) + 1,
            judgements: judgements.count, responses: expected.count)
    }
}
