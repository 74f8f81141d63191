/// The parts of the page about how good models are.
struct MeasureSections {
    var story: RunStory
    private var figures: MeasureFigures { MeasureFigures(story: story) }

    /// Kinds of stages with a section of their own.
    private static let known = byModel.union(SummaryRow.contestKinds).union(["map-texts"])

    var sections: [ReportSection] {
        [
            JudgingSection(story: story).section, ContestSection(story: story).section, dialogues, answers,
            benchmarks, others,
        ].compactMap { $0 }
    }

    // MARK: MT-Bench

    private static let dialogueCharts = [
        "score", "score_turn_1", "score_turn_2", "score_math_code_reasoning", "score_other_five",
    ]

    private var dialogues: ReportSection? {
        let all = figures.series("mt-bench-judge"), prefix = "score/"
        guard !all.isEmpty else { return nil }
        let drawn = Self.dialogueCharts.compactMap { name in
            all.first { $0.first?.name == name && $0.contains { $0.value != nil } }
        }
        let categories = all.compactMap { values -> (name: String, values: [StoryMeasurement])? in
            guard let name = values.first?.name, name.hasPrefix(prefix), values.contains(where: { $0.value != nil })
            else { return nil }
            return (String(name.dropFirst(prefix.count)), values)
        }
        let byCategory = figures.figure(
            "score by category", categories, axis: "category",
            description: "The mean score of the turns of each category, of each model; the table has the numbers.",
            note: "Lines are 95 % intervals over questions.")
        return ReportSection(
            id: "dialogues", title: "MT-Bench",
            blocks: [
                .text("<p>Points from 1 to 10 that the judge gave to answers of two turns (paper, Table 2).</p>"),
                .figures(drawn.map { figures.figure($0) } + (categories.count > 1 ? [byCategory] : [])),
                .more("All measures of MT-Bench", [.table(figures.matrix(all, caption: "Scores of MT-Bench"))]),
            ])
    }

    // MARK: Answers, benchmarks, others

    private var answers: ReportSection? {
        let all = figures.series("check-answers")
        guard !all.isEmpty else { return nil }
        return ReportSection(
            id: "answers", title: "Answers checked by a program",
            blocks: [
                .figures(all.filter { $0.contains { $0.value != nil } }.map { figures.figure($0) }),
                .more("All of it as a table", [.table(figures.matrix(all, caption: "Answers to held-out tasks"))]),
            ])
    }

    private var benchmarks: ReportSection? {
        let all = figures.series("evaluate-benchmarks")
        guard !all.isEmpty else { return nil }
        let usual = RunStory.headlines.compactMap { name in all.first { $0.first?.name == name } }
        var blocks: [ReportBlock] = [.figures(usual.map { figures.figure($0) })]
        if !usual.isEmpty {
            blocks.append(
                .table(figures.matrix(usual, caption: "Right answers, with 95 % intervals (paper, Table 3)")))
        }
        if usual.count < all.count {
            blocks.append(
                .more(
                    "Other rules, and what did not fit",
                    [.table(figures.matrix(all, caption: "Benchmarks by every rule, with 95 % intervals"))]))
        }
        return ReportSection(id: "benchmarks", title: "Benchmarks", blocks: blocks)
    }

    /// Kinds whose own section has one number a model.
    private static let byModel: Set<String> = [
        "evaluate-judge", "check-answers", "evaluate-benchmarks", "mt-bench-judge",
    ]

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
                let rows = rest.filter { $0.kind == kind }
                let table =
                    isWhole(kind)
                    ? figures.matrix(figures.series(kind), caption: "Measured by \(kind)")
                    : PageTable(RunStory.table(of: rows, in: story))
                return .more("\(Quantities.count(rows.count, "measurement")) of \(kind)", [.table(table)])
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
