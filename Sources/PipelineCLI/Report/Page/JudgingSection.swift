/// How well the models judge: against people, against each other, and against a judge that only knows likelihoods.
struct JudgingSection {
    var story: RunStory
    private var figures: MeasureFigures { MeasureFigures(story: story) }

    private static let charts = [
        "pairwise_accuracy", "pairwise_accuracy_tie_half", "five_best", "exact_match", "spearman", "kendall_tau_b",
        "pairs_tied",
    ]
    private static let calibration = "mean_rank_at_score_"

    var section: ReportSection? {
        let all = figures.series("evaluate-judge")
        guard !all.isEmpty else { return nil }
        let drawn = Self.charts.compactMap { name in
            all.first { $0.first?.name == name && $0.contains { $0.value != nil } }
        }
        let charts = drawn.map { figures.figure($0, reference: likelihood($0)) }
        let table = figures.matrix(
            all.filter { $0.first?.name.hasPrefix(Self.calibration) == false },
            caption: "Judging held-out rankings, with 95 % intervals")
        return ReportSection(
            id: "judging", title: "How well the models judge",
            blocks: [
                .text("<p>Scores against people’s rankings of held-out responses (paper, Table 4).</p>"),
                .figures(charts + [calibrationFigure(all), differences, ownResponses].compactMap { $0 }),
                .more("All measures of judging", [.table(table)]),
            ])
    }

    /// What the log-probabilities of responses alone come to, on the rankings that `judged` is about: a judge must beat
    /// that.
    private func likelihood(_ judged: [StoryMeasurement]) -> (value: Double, words: String)? {
        // A likelihood hardly ever ties, and that is no merit.
        guard let name = judged.first?.name, name != "pairs_tied" else { return nil }
        let rankings = Set(judged.map { self.rankings($0.stage) })
        let value = story.measurements.first { row in
            row.kind == "likelihood-baseline" && row.name == name && rankings == [self.rankings(row.stage)]
        }?.value
        return value.map { ($0, "likelihood alone") }
    }

    /// Where a stage has its rankings from.
    private func rankings(_ stage: String) -> [String] {
        story.stages.first { $0.name == stage }?.inputs.filter { $0.port == "rankings" }.flatMap(\.origins) ?? []
    }

    /// The mean rank that people gave to responses, by the judge's score: it falls where scores mean something.
    private func calibrationFigure(_ all: [[StoryMeasurement]]) -> Figure? {
        let byScore = all.compactMap { values -> (score: Int, values: [StoryMeasurement])? in
            guard let name = values.first?.name, name.hasPrefix(Self.calibration) else { return nil }
            return Int(name.dropFirst(Self.calibration.count)).map { ($0, values) }
        }.sorted { $0.score < $1.score }
        guard byScore.count > 1 else { return nil }
        let text =
            "The lower the place, the better people found the response. It should fall as the judge’s score rises."
        return figures.figure(
            "People’s mean place (0 is the best) by the judge’s score",
            byScore.map { (name: "\($0.score)", values: $0.values) }, axis: "judge’s score", description: text,
            note: "\(text) Lines are 95 % intervals, where there are enough responses.")
    }

    /// By how much one judge's pairwise accuracy differs from another's, item by item.
    private var differences: Figure? {
        let name = "pairwise_accuracy/"
        let found = story.measurements.filter { row in
            row.kind == "compare-judges" && row.name.hasPrefix(name) && row.name.contains("..")
                && !row.name.hasSuffix("/p")
        }
        return figures.rows(
            "Differences in pairwise accuracy, item by item",
            found.map { (name: String($0.name.dropFirst(name.count)).replacing("..", with: " → "), row: $0) },
            unit: "difference", neutral: (0, "no difference"))
    }

    /// Whether a judge likes what it wrote itself better than another judge does.
    private var ownResponses: Figure? {
        let judges = ["own_preferred": "by the writer", "own_preferred_second": "by the other judge"]
        let found = story.measurements.filter { $0.kind == "self-preference" }
        return figures.rows(
            "Own responses preferred to another model’s",
            found.compactMap { row in judges[row.name].map { (name: "\(row.stage), \($0)", row: row) } },
            unit: "share of pairs", neutral: (0.5, "no preference"))
    }
}
