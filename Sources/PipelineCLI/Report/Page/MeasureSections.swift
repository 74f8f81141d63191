/// The parts of the page about how good models are.
struct MeasureSections {
    var story: RunStory
    private var figures: MeasureFigures { MeasureFigures(story: story) }

    /// Kinds of stages with a section of their own.
    private static let known: Set<String> = [
        "evaluate-judge", "head-to-head", "check-answers", "evaluate-benchmarks", "map-texts",
    ]

    var sections: [ReportSection] { [judging, contests, answers, benchmarks, others].compactMap { $0 } }

    // MARK: Judging

    private static let judgeCharts = [
        "pairwise_accuracy", "pairwise_accuracy_tie_half", "five_best", "exact_match", "spearman", "kendall_tau_b",
        "pairs_tied",
    ]
    private static let calibration = "mean_rank_at_score_"

    private var judging: ReportSection? {
        let all = figures.series("evaluate-judge")
        guard !all.isEmpty else { return nil }
        let drawn = Self.judgeCharts.compactMap { name in
            all.first { $0.first?.name == name && $0.contains { $0.value != nil } }
        }
        var blocks: [ReportBlock] = [
            .text("<p>Scores against people’s rankings of held-out responses (paper, Table 4).</p>"),
            .figures(drawn.map(figures.figure) + [calibrationFigure(all), differences].compactMap { $0 }),
        ]
        blocks.append(
            .more(
                "All measures of judging",
                [
                    .table(
                        figures.matrix(
                            all.filter { $0.first?.name.hasPrefix(Self.calibration) == false },
                            caption: "Judging held-out rankings, with 95 % intervals"))
                ]))
        return ReportSection(id: "judging", title: "How well the models judge", blocks: blocks)
    }

    /// The mean rank that people gave to responses, by the judge's score: it falls where scores mean something.
    private func calibrationFigure(_ all: [[StoryMeasurement]]) -> Figure? {
        let byScore = all.compactMap { values -> (score: Int, values: [StoryMeasurement])? in
            guard let name = values.first?.name, name.hasPrefix(Self.calibration) else { return nil }
            return Int(name.dropFirst(Self.calibration.count)).map { ($0, values) }
        }.sorted { $0.score < $1.score }
        guard byScore.count > 1 else { return nil }
        let models = Set(byScore.flatMap { $0.values.compactMap(\.model) }).sorted()
        let labels = models.map { story.models[$0].label }
        let values = byScore.enumerated().flatMap { place, entry in
            entry.values.compactMap { row -> IntervalChart.Value? in
                guard let value = row.value, let series = row.model.flatMap({ models.firstIndex(of: $0) }) else {
                    return nil
                }
                return .init(
                    category: place, series: series, value: value, lower: row.lower, upper: row.upper,
                    tip:
                        "\(labels[series]), score \(entry.score): mean place \(Numerals.value(value)), n = \(row.count)"
                )
            }
        }
        let chart = IntervalChart(
            categories: byScore.map { "score \($0.score)" }, series: labels.count > 1 ? labels : [], values: values)
        return Figure(
            title: "People’s mean place (0 is the best) by the judge’s score",
            description:
                "The lower the place, the better people found the response. It should fall as the score rises.",
            note: byScore.first?.values.first?.note, drawing: chart.drawing,
            table: figures.matrix(byScore.map(\.values), caption: "Mean place by score"))
    }

    /// By how much one judge's pairwise accuracy differs from another's, item by item.
    private var differences: Figure? {
        let name = "pairwise_accuracy/"
        let found = story.measurements.filter { row in
            row.kind == "compare-judges" && row.name.hasPrefix(name) && row.name.contains("..")
                && !row.name.hasSuffix("/p")
        }
        let rows = found.compactMap { row -> IntervalRows.Row? in
            guard let value = row.value else { return nil }
            let words = String(row.name.dropFirst(name.count)).replacing("..", with: " → ")
            let p = story.measurements.first { $0.stage == row.stage && $0.name == row.name + "/p" }?.value
            return .init(
                name: words, value: value, lower: row.lower, upper: row.upper,
                tip: "\(words): \(Numerals.signed(value)) \(Numerals.interval(row.lower, row.upper)), "
                    + "p = \(Numerals.value(p)), n = \(row.count)")
        }
        guard !rows.isEmpty else { return nil }
        return Figure(
            title: "Differences in pairwise accuracy, item by item",
            description: rows.map(\.tip).joined(separator: "; ") + ".",
            note: found.first?.note,
            drawing: IntervalRows(rows: rows, unit: "difference", neutral: (0, "no difference")).drawing,
            table: figures.table(found, caption: "Differences in pairwise accuracy"))
    }

    // MARK: Head to head

    private var contests: ReportSection? {
        let rates = story.measurements.filter { $0.kind == "head-to-head" && Self.rates.contains($0.name) }
        guard !rates.isEmpty else { return nil }
        let names = rates.map(name)
        var blocks: [ReportBlock] = []
        let drawn = zip(names, rates).compactMap { name, rate in
            rate.value.map {
                IntervalRows.Row(
                    name: name, value: $0, lower: rate.lower, upper: rate.upper,
                    tip:
                        "\(name): win rate \(Numerals.value($0)) \(Numerals.interval(rate.lower, rate.upper)), n = \(rate.count)"
                )
            }
        }
        var charts: [Figure] = []
        if !drawn.isEmpty {
            charts.append(
                Figure(
                    title: "Win rate, ties as half",
                    description: "The share of matches won, ties counting half, with 95 % intervals: "
                        + drawn.map(\.tip).joined(separator: "; ") + ".",
                    note: rates.first?.note,
                    drawing: IntervalRows(
                        rows: drawn, unit: "win rate", neutral: (0.5, "neither is better")
                    ).drawing, table: figures.table(rates, caption: "Win rates")))
        }
        let whole = rates.filter { $0.name == "win_rate" }
        charts.append(outcomes(whole, whole.map(contest)))
        blocks.append(.figures(charts))
        blocks.append(
            .more(
                "Everything that was measured head to head",
                [
                    .table(
                        PageTable(
                            RunStory.table(
                                of: story.measurements.filter { $0.kind == "head-to-head" }, in: story)))
                ]))
        return ReportSection(id: "contests", title: "Head to head", blocks: blocks)
    }

    /// As the judge says, and what would be left of it at equal lengths.
    private static let rates = ["win_rate", "length_controlled_minimal"]

    private func name(_ rate: StoryMeasurement) -> String {
        let contest = contest(rate)
        return rate.name == "win_rate" ? contest : contest + ", length-adjusted"
    }

    private func contest(_ rate: StoryMeasurement) -> String {
        guard let model = story.label(rate.model) else { return rate.stage }
        return story.label(rate.opponent).map { "\(model) against \($0)" } ?? "\(model) (\(rate.stage))"
    }

    private func outcomes(_ rates: [StoryMeasurement], _ names: [String]) -> Figure {
        let parts = [("wins", "wins"), ("ties", "ties"), ("losses", "losses"), ("no_verdict", "no verdict")]
        let rows = zip(rates, names).map { rate, name in
            ShareBars.Row(
                name: name,
                parts: parts.map { part, words in
                    let value = story.measurements.first { $0.stage == rate.stage && $0.name == part }?.value
                    return .init(name: words, share: min(1, max(0, value ?? 0)))
                })
        }
        return Figure(
            title: "How the matches ended",
            description: rows.map { row in
                row.name + ": "
                    + row.parts.map { "\(Numerals.percent($0.share, of: 1)) \($0.name)" }.joined(separator: ", ")
            }.joined(separator: "; ") + ".",
            note: "Both orders were asked; a verdict that changes with the order is a tie.",
            drawing: ShareBars(rows: rows).drawing,
            table: PageTable(
                caption: "Shares of all matches", headings: ["comparison"] + parts.map(\.1), numeric: [1, 2, 3, 4],
                rows: rows.map { row in
                    ["\(row.name)"] + row.parts.map { "\(Numerals.percent($0.share, of: 1))" }
                }))
    }

    // MARK: Answers, benchmarks, others

    private var answers: ReportSection? {
        let all = figures.series("check-answers")
        guard !all.isEmpty else { return nil }
        return ReportSection(
            id: "answers", title: "Answers checked by a program",
            blocks: [
                .figures(all.filter { $0.contains { $0.value != nil } }.map(figures.figure)),
                .more("All of it as a table", [.table(figures.matrix(all, caption: "Answers to held-out tasks"))]),
            ])
    }

    private var benchmarks: ReportSection? {
        let all = figures.series("evaluate-benchmarks")
        guard !all.isEmpty else { return nil }
        return ReportSection(
            id: "benchmarks", title: "Benchmarks",
            blocks: [.table(figures.matrix(all, caption: "Benchmarks, with 95 % intervals"))])
    }

    /// Kinds whose own section has one number a model.
    private static let byModel: Set<String> = ["evaluate-judge", "check-answers", "evaluate-benchmarks"]

    /// Whether no measurement of this kind is left out where each model has one number of a name: none is about no model, and
    /// no two are about the same.
    private func isWhole(_ kind: String) -> Bool {
        figures.series(kind).reduce(0) { $0 + $1.count } == story.measurements.count { $0.kind == kind }
    }

    private var others: ReportSection? {
        let partial = Self.byModel.filter { !isWhole($0) }
        let rest = story.measurements.filter { !Self.known.contains($0.kind) || partial.contains($0.kind) }
        guard !rest.isEmpty else { return nil }
        var kinds: [String] = []
        for row in rest where !kinds.contains(row.kind) { kinds.append(row.kind) }
        return ReportSection(
            id: "others", title: "Other measurements",
            blocks: kinds.map { kind in
                let rows = rest.filter { $0.kind == kind }, series = figures.series(kind)
                return isWhole(kind)
                    ? .table(figures.matrix(series, caption: "Measured by \(kind)"))
                    : .more(
                        "\(rows.count) measurements of \(kind)",
                        [.table(PageTable(RunStory.table(of: rows, in: story)))])
            })
    }

    /// What this run does not tell, and which stage would.
    var unmeasured: ReportSection? {
        func isMissing(_ kind: String) -> Bool { !story.measurements.contains { $0.kind == kind } }
        let remedies: [(isMissing: Bool, words: Markup)] = [
            (
                isMissing("evaluate-judge"),
                "how well the models judge: <code>evaluate-judge</code> compares their scores with people’s rankings"
            ),
            (
                isMissing("head-to-head"),
                "which of two models answers better: <code>head-to-head</code> asks a judge, in both orders"
            ),
            (
                isMissing("evaluate-benchmarks"),
                "benchmarks: <code>evaluate-benchmarks</code> runs them on files that you name"
            ),
            (
                story.maps.isEmpty,
                "how seed data and generated data lie to each other: <code>map-texts</code> draws them in one picture"
            ),
            (story.lengths.isEmpty, "how long responses are: <code>sample</code> writes some"),
        ]
        let items = remedies.filter(\.isMissing).map { "<li>\($0.words)</li>" as Markup }
        guard !items.isEmpty else { return nil }
        return ReportSection(
            id: "unmeasured", title: "Not measured in this run", blocks: [.text("<ul>\(items)</ul>")])
    }
}
