internal import Foundation

/// The parts of the page about what the run did: its stages, its data, its trainings.
struct RunSections {
    var story: RunStory

    // MARK: Stages

    var graph: ReportSection {
        let counts = ["ran", "reused", "failed"].map { word in
            (word, story.stages.count { GraphChart.state($0).word == word })
        }.filter { $0.1 > 0 }
        let summary = counts.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
        let figure = Figure(
            title: "Stages and what they read",
            description: "\(story.stages.count) stages, \(summary); the table lists what each reads.",
            note:
                """
                ● ran in this run, ↺ reused, ✕ failed. An arrow that follows from others is left out; times \
                are those of making the result, whenever that was.
                """,
            drawing: GraphChart(stages: story.stages).drawing,
            table: PageTable(
                story.stagesTable,
                columns: [
                    ("stage", "stage"), ("kind", "kind"), ("state", "state"), ("seconds", "seconds"),
                    ("rows", "rows"),
                    ("reads", "reads"),
                ]),
            size: .wide)
        return ReportSection(
            id: "stages", title: "The stages", blocks: [.figures([figure])])
    }

    // MARK: Yields

    var yields: ReportSection? {
        guard !story.yields.isEmpty else { return nil }
        let figures = story.yields.map { yield in
            let title = story.label(yield.model).map { "Pairs for \($0)" } ?? "Pairs of \(yield.stage)"
            return Figure(
                title: title,
                description: yield.steps.map { step in
                    "\(Numerals.count(step.entered)) \(step.name), \(Numerals.count(step.kept)) \(step.unit) kept"
                }.joined(separator: "; ") + ".",
                note: nil, drawing: YieldChart(yield: yield).drawing,
                table: PageTable(
                    caption: title, headings: ["step", "stage", "entered", "kept", "as", "dropped"], numeric: [2, 3],
                    rows: yield.steps.map { step in
                        let lost = step.dropped.map { "\(Numerals.count($0.count)) \($0.reason)" }.joined(
                            separator: ", ")
                        return [
                            "\(step.name)", "\(step.stage)", "\(Numerals.count(step.entered))",
                            "\(Numerals.count(step.kept))", "\(step.unit)", "\(lost)",
                        ]
                    }))
        }
        return ReportSection(
            id: "yields", title: "From prompts to pairs",
            blocks: [
                .text(
                    """
                    <p>The width is what is left of the first step; each prompt has several responses, so \
                    the unit changes on the way.</p>
                    """
                ),
                .figures(figures),
            ])
    }

    // MARK: Scores

    var scores: ReportSection? {
        guard !story.scores.isEmpty else { return nil }
        let figures = story.scores.map { scores -> Figure in
            let judge = story.label(scores.judge).map { "\($0) as judge" } ?? "judge"
            let isExpected = scores.counts.values.reduce(0, +) > scores.stated.values.reduce(0, +)
            let total = Double(scores.counts.values.reduce(0, +))
            let entropy = scores.entropy.map { ", entropy \(Numerals.value($0)) bits" } ?? ""
            return Figure(
                title: "\(scores.stage): \(judge)",
                description: "Scores of \(Numerals.count(scores.verdicts)) verdicts: "
                    + HistogramChart.bins(scores.counts).map {
                        "\($0) \(Numerals.count(scores.counts[$0] ?? 0)) times"
                    }
                    .joined(separator: ", ") + ".",
                note: "\(Numerals.percent(Double(scores.parsed), of: Double(scores.verdicts))) of "
                    + "\(Numerals.count(scores.verdicts)) verdicts state a score" + entropy,
                drawing: HistogramChart(
                    counts: scores.counts, unit: isExpected ? "score (expectation, rounded)" : "score"
                ).drawing,
                table: PageTable(
                    caption: "Scores given by \(scores.stage)", headings: ["score", "verdicts", "share"],
                    numeric: [1, 2],
                    rows: HistogramChart.bins(scores.counts).map { score in
                        let count = scores.counts[score] ?? 0
                        return [
                            "\(score)", "\(Numerals.count(count))", "\(Numerals.percent(Double(count), of: total))",
                        ]
                    }))
        }
        let data = zip(story.scores, figures).filter { $0.0.kind == "judge" }.map(\.1)
        let rest = zip(story.scores, figures).filter { $0.0.kind != "judge" }.map(\.1)
        var blocks: [ReportBlock] = [.figures(data.isEmpty ? rest : data)]
        if !data.isEmpty, !rest.isEmpty {
            blocks.append(.more("Scores of held-out and seed responses", [.figures(rest)]))
        }
        return ReportSection(id: "scores", title: "Which scores the judges gave", blocks: blocks)
    }

    // MARK: Lengths

    var lengths: ReportSection? {
        guard !story.lengths.isEmpty else { return nil }
        let kinds = [(true, "to new prompts, for pairs"), (false, "other responses")].filter { isTraining, _ in
            story.lengths.contains { $0.isTrainingData == isTraining }
        }
        let writers = story.models.indices.filter { model in story.lengths.contains { $0.writer == model } }
        let values = story.lengths.compactMap { row -> IntervalChart.Value? in
            guard let place = row.writer.flatMap({ writers.firstIndex(of: $0) }),
                let series = kinds.firstIndex(where: { $0.0 == row.isTrainingData })
            else { return nil }
            return .init(
                category: place, series: series, value: row.mean, lower: row.lowerTenth, upper: row.upperTenth,
                tip: "\(row.stage): mean \(Numerals.value(row.mean)), 10 % to 90 % "
                    + "\(Numerals.interval(row.lowerTenth, row.upperTenth)) tokens, n = \(row.count)")
        }
        let figure = Figure(
            title: "Tokens in a response, by the model that wrote it",
            description: values.map(\.tip).joined(separator: "; ") + ".",
            note: "Dots are means; the lines hold the middle 80 % of the responses.",
            drawing: IntervalChart(
                categories: writers.map { story.models[$0].label }, series: kinds.count > 1 ? kinds.map(\.1) : [],
                values: values, includesZero: true
            ).drawing, table: PageTable(story.lengthsTable))
        return ReportSection(
            id: "lengths", title: "Length of responses",
            blocks: values.isEmpty ? [.table(PageTable(story.lengthsTable))] : [.figures([figure])])
    }

    // MARK: Texts

    var map: ReportSection? {
        guard !story.maps.isEmpty else { return nil }
        let figures = story.maps.map { map -> Figure in
            let groups = PointChart.groups(map)
            let counts = groups.map { group in (group, map.points.count { $0.group == group }) }
            return Figure(
                title: "\(map.stage): texts that a model finds alike are near each other",
                description: counts.map { "\($0.0): \(Quantities.count($0.1, "text"))" }.joined(separator: ", ")
                    + ".",
                note: "Only nearness means something; the directions do not."
                    + (map.total > map.points.count
                        ? " \(Numerals.count(map.points.count)) of \(Numerals.count(map.total)) texts are drawn."
                        : ""),
                drawing: PointChart(map: map).drawing,
                table: PageTable(
                    caption: "Texts by group", headings: ["group", "texts drawn"], numeric: [1],
                    rows: counts.map { ["\($0.0)", "\(Numerals.count($0.1))"] }), size: .full)
        }
        let measured = story.measurements.filter { $0.kind == "map-texts" }
        var blocks: [ReportBlock] = [.figures(figures)]
        if !measured.isEmpty {
            blocks.append(
                .more(
                    "How mixed and how varied the groups are",
                    [.table(PageTable(RunStory.table(of: measured, in: story)))]))
        }
        return ReportSection(id: "map", title: "The texts as a map", blocks: blocks)
    }
}
