import Artifacts
import Pipeline
import Stages
import Testing

/// Rankings of three responses, best first, and judgements of them.
struct JudgedRankings {
    let harness: StageHarness
    let rankings: [Ranking]

    init(_ count: Int) throws {
        harness = try StageHarness()
        rankings = (0..<count).map { index in
            Ranking(
                tree: "t\(index)", prompt: "Question \(index)?",
                responses: (0..<3).map { .init(id: "\(index)-\($0)", text: "Answer \($0).", rank: $0) })
        }
    }

    /// - Parameter scores: of the responses to the ranking with that number; nil where there is none.
    func judgements(_ scores: (Int) -> [Double?]) throws -> ArtifactReference {
        try harness.artifact(
            rankings.enumerated().flatMap { index, ranking in
                zip(ranking.responses, scores(index)).map { response, score in
                    Judgement(
                        candidateID: response.id, promptID: ranking.id,
                        verdicts: [
                            .init(
                                raw: score.map { "Score: \($0)" } ?? "No idea.", finish: .stop,
                                verdict: score.map { .scored($0) } ?? .unparsable(.noScore))
                        ])
                }
            })
    }

    func compare(
        _ judges: [ArtifactReference], against others: [ArtifactReference] = [],
        execution: ExecutionOptions = ExecutionOptions(),
        _ change: (inout CompareJudgesStage.Parameters) -> Void = { _ in }
    ) async throws -> StageOutputs {
        var connections = ["rankings": [try harness.artifact(rankings)], "judgements": judges]
        if !others.isEmpty { connections["against"] = others }
        return try await harness.run(CompareJudgesStage.self, connections, execution: execution) {
            ($0.resamples, $0.permutations) = (100, 500)
            change(&$0)
        }
    }

    func measurements(_ outputs: StageOutputs) throws -> [String: Measurement] {
        let rows = try harness.rows(outputs, "measurements", as: Measurement.self)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0) })
    }
}

@Suite("Judges compared")
struct CompareJudgesStageTests {
    /// Right in all orders; right but for every third ranking, where it ties; always wrong.
    private static let right: [Double?] = [5, 3, 1]
    private static func fair(_ index: Int) -> [Double?] { index % 3 == 0 ? [3, 3, 3] : [4, 3, 2] }
    private static let wrong: [Double?] = [1, 3, 5]

    @Test("each judge has its numbers, and the change from one to the next its interval and p")
    func compared() async throws {
        let place = try JudgedRankings(12)
        let outputs = try await place.compare([
            place.judgements { _ in Self.wrong }, place.judgements(Self.fair), place.judgements { _ in Self.right },
        ]) { $0.models = ["m1", "m2", "m3"] }
        let found = try place.measurements(outputs)
        #expect(found["pairwise_accuracy/m1"]?.value == 0 && found["pairwise_accuracy/m3"]?.value == 1)
        // Four of twelve are ties, which count as wrong.
        let change = try #require(found["pairwise_accuracy/m2..m3"])
        #expect(abs(try #require(change.value) - 1.0 / 3) < 1e-12 && change.count == 12)
        #expect(try #require(change.lower) < 1.0 / 3 && 1.0 / 3 < (try #require(change.upper)))
        // Four rankings differ, all one way: 2 of 2⁴.
        #expect(found["pairwise_accuracy/m2..m3/p"]?.value == 0.125)
        #expect(found["pairwise_accuracy/m2..m3/p"]?.count == 4)
        #expect(found["pairwise_accuracy/m1..m3"]?.value == 1 && found["exact_match/m1..m3"]?.value == 1)
        #expect(abs(try #require(found["agreement_kendall_tau_b/m1..m3"]?.value) + 1) < 1e-12)
        // Where the second ties there is no correlation.
        #expect(found["agreement_kendall_tau_b/m2..m3"]?.count == 8)
        // Of m2 and m3 the middle one is 3 twelve times.
        #expect(found["agreement_exact/m2..m3"]?.value == 12.0 / 36)
        #expect(outputs.summary["models"] == ["m1", "m2", "m3"])
        #expect(
            outputs.summary["comparisons"] == [
                ["first": "m1", "second": "m2"], ["first": "m2", "second": "m3"], ["first": "m1", "second": "m3"],
            ])
        #expect(place.harness.warnings.isEmpty)
    }

    @Test("a judge and itself: no difference, p = 1, full agreement")
    func identical() async throws {
        let place = try JudgedRankings(9), judge = try place.judgements(Self.fair)
        let found = try place.measurements(await place.compare([judge, judge]))
        for metric in ["pairwise_accuracy", "pairwise_accuracy_tie_half", "exact_match", "spearman", "kendall_tau_b"]
        {
            let change = found["\(metric)/judgements-1..judgements-2"]
            let (lower, upper) = (try #require(change?.lower), try #require(change?.upper))
            #expect(change?.value == 0 && lower == -upper && upper > 0, "\(metric)")
            #expect(found["\(metric)/judgements-1..judgements-2/p"]?.value == 1, "\(metric)")
        }
        #expect(found["agreement_exact/judgements-1..judgements-2"]?.value == 1)
    }

    @Test("every judge is held against the others, whose scores may know no scale")
    func against() async throws {
        let place = try JudgedRankings(6)
        let outputs = try await place.compare(
            [place.judgements { _ in Self.right }, place.judgements(Self.fair)],
            against: [place.judgements { _ in [-3.5, -2.5, -1.5] }]
        ) { ($0.models, $0.against) = (["m1", "m2"], ["likelihood"]) }
        let found = try place.measurements(outputs)
        #expect(found["pairwise_accuracy/likelihood..m1"]?.value == 1)
        #expect(found["pairwise_accuracy/likelihood"]?.value == 0 && found["pairwise_accuracy/likelihood..m2"] != nil)
        #expect(found["agreement_pearson/likelihood..m1"]?.value.map { abs($0 + 1) < 1e-12 } == true)
        #expect(found["agreement_exact/likelihood..m1"] == nil && found["agreement_exact/m1..m2"] != nil)
        #expect(found["five_best/likelihood"]?.value == nil && found["five_best/m1"]?.value == 1)
        // One judge and another to be held against are enough.
        let alone = try await place.compare(
            [place.judgements(Self.fair)], against: [place.judgements { _ in Self.right }])
        #expect(try place.measurements(alone)["spearman/against-1..judgements-1"] != nil)
        #expect(place.harness.warnings.isEmpty)
    }

    @Test("nothing that can be read, one ranking, one judge, no ranking: nil, a word of warning, and never NaN")
    func edges() async throws {
        let place = try JudgedRankings(3)
        let silent = try place.judgements { _ in [nil, nil, nil] }
        let found = try place.measurements(await place.compare([silent, place.judgements(Self.fair)]))
        let name = "judgements-1..judgements-2"
        #expect(found["spearman/\(name)"]?.value == nil && found["spearman/\(name)/p"]?.value == nil)
        #expect(found["agreement_spearman/\(name)"]?.value == nil && found["agreement_exact/\(name)"]?.count == 0)
        // Unscored counts as disagreement, so this number exists.
        #expect((found["pairwise_accuracy/\(name)"]?.value ?? 0) > 0.6)

        let single = try JudgedRankings(1)
        let one = try single.measurements(
            await single.compare([
                single.judgements { _ in Self.wrong }, single.judgements { _ in Self.right },
            ]))
        #expect(one["pairwise_accuracy/\(name)"]?.value == 1 && one["pairwise_accuracy/\(name)"]?.lower == nil)
        #expect(one["pairwise_accuracy/\(name)/p"]?.value == 1)
        #expect(single.harness.warnings == ["there is one ranking only: no number has an interval"])

        let empty = try JudgedRankings(0)
        let none = try empty.measurements(
            await empty.compare([empty.judgements { _ in [] }, empty.judgements { _ in [] }]))
        #expect(none.values.allSatisfy { $0.value == nil && $0.lower == nil })
        #expect(empty.harness.warnings == ["no rankings; nothing can be compared"])

        _ = try await place.compare([silent])
        #expect(
            place.harness.warnings == [
                "one judge has nothing to be compared with; connect a second one to 'judgements' or 'against'"
            ])
    }

    @Test("judgements of other rankings, or in another order, are refused with the row")
    func otherRankings() async throws {
        let place = try JudgedRankings(2), good = try place.judgements(Self.fair)
        let other = try JudgedRankings(3).rankings
        func judged(_ rows: [Ranking]) throws -> ArtifactReference {
            try place.harness.artifact(
                rows.flatMap { ranking in
                    ranking.responses.map { Judgement(candidateID: $0.id, promptID: ranking.id, verdicts: []) }
                })
        }
        for (rows, row, count) in [(other, 7, 9), (Array(other.prefix(1)), 4, 3), (other.prefix(2).reversed(), 1, 6)]
        {
            await #expect(
                throws: StageError.judgementsOfOthers(judge: "m2", row: row, judgements: count, responses: 6)
            ) {
                try await place.compare([good, judged(rows)]) { $0.models = ["m1", "m2"] }
            }
        }
        #expect(
            "\(StageError.judgementsOfOthers(judge: "m2", row: 7, judgements: 9, responses: 6))"
                == "judge 'm2' has 9 judgements, and the rankings 6 responses; row 7 is the first that does not belong to "
                + "them: connect the rankings that it judged, in the same order")
    }

    @Test(
        "names that cannot stand in a measurement's are refused, and so are two alike",
        arguments: [
            (["m 1", "m2"], "names 'm 1'; a name has letters, digits, '-' and '_', and single points between them"),
            (["a..b"], "names 'a..b'; a name has letters, digits, '-' and '_', and single points between them"),
            ([""], "names ''; a name has letters, digits, '-' and '_', and single points between them"),
            (["m1", "m1"], "and 'against' name 'm1' twice; give each judge a name of its own"),
            (["m1", "other"], "and 'against' name 'other' twice; give each judge a name of its own"),
        ])
    func names(models: [String], problem: String) {
        var parameters = CompareJudgesStage.Parameters()
        (parameters.models, parameters.against) = (models, ["other"])
        #expect(
            throws: StageError.invalidParameter(stage: "compare-judges", name: "models", problem: problem)
        ) { try CompareJudgesStage(parameters: parameters) }
    }

    @Test("as many names as artifacts, and none that a nameless one gets")
    func nameCount() async throws {
        let place = try JudgedRankings(2), judge = try place.judgements(Self.fair)
        await #expect(
            throws: StageError.invalidParameter(
                stage: "compare-judges", name: "models",
                problem: "has 1 names and 'judgements' 2 artifacts; give one name each, in their order")
        ) { try await place.compare([judge, judge]) { $0.models = ["m1"] } }
        await #expect(
            throws: StageError.invalidParameter(
                stage: "compare-judges", name: "models",
                problem: "and 'against' name 'against-1' twice; give each judge a name of its own")
        ) {
            try await place.compare([judge], against: [judge]) { $0.models = ["against-1"] }
        }
    }

    @Test("the scale of 5-best is the rubric's")
    func scale() async throws {
        let place = try JudgedRankings(4)
        let judges = [try place.judgements { _ in [3, 2, 1] }, try place.judgements { _ in [5, 2, 1] }]
        let rubric = try place.harness.blob("---\nscale: 1 to 3\n---\nRate.\n{instruction}\n{response}\n")
        let outputs = try await place.harness.run(
            CompareJudgesStage.self,
            ["rankings": [place.harness.artifact(place.rankings)], "judgements": judges, "rubric": [rubric]])
        let found = try place.measurements(outputs)
        #expect(found["five_best/judgements-1"]?.value == 1 && found["five_best/judgements-2"]?.count == 0)
        // 5 is no score of this rubric.
        #expect(found["agreement_exact/judgements-1..judgements-2"] == nil)
    }

    @Test("the digest is the same under other settings of execution, and is written down")
    func golden() async throws {
        let place = try JudgedRankings(12)
        func run(_ execution: ExecutionOptions) async throws -> [String: String] {
            let outputs = try await place.compare(
                [place.judgements { _ in Self.wrong }, place.judgements(Self.fair)],
                against: [place.judgements { _ in [-0.5, -1.25, nil] }], execution: execution
            ) { ($0.models, $0.against) = (["m1", "m2"], ["likelihood"]) }
            return outputs.artifacts.mapValues(\.digest.short)
        }
        Golden(version: 2, digests: ["measurements": "16d967ee7cf7"]).check(
            CompareJudgesStage.self, gives: try await run(ExecutionOptions()))
        let other = ExecutionOptions(threads: 2, shardSize: .rows(1), batchSize: 1)
        #expect(try await run(other) == run(ExecutionOptions(threads: 1)))
    }
}
