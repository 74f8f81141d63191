internal import Foundation

/// The parts of the page that are to be read: pairs, warnings, and how to do it again.
struct ReadingSections {
    var story: RunStory
    var spread: RunSpread?

    // MARK: Pairs

    /// Longer texts are cut.
    private static let longestText = 1600

    var pairs: ReportSection? {
        guard !story.pairs.isEmpty else { return nil }
        let groups = story.pairs.enumerated().map { place, pairs -> Markup in
            let title =
                story.label(pairs.model).map { "Pairs that \($0) was trained on" } ?? "Pairs of \(pairs.stage)"
            let isLast = place == story.pairs.count - 1
            let closest: Markup =
                pairs.closest.isEmpty
                ? "" : "<h3>The closest calls</h3>\(pairs.closest.map(example))"
            return
                """
                <details class="more"\(isLast ? " open=\"open\"" as Markup : "")><summary>\(title), \
                \(Numerals.count(pairs.total)) in all</summary><h3>The clearest preferences</h3>\
                \(pairs.clearest.map(example))\(closest)</details>\n
                """
        }
        return ReportSection(
            id: "pairs", title: "Pairs to read",
            blocks: [
                .text(
                    """
                    <p>Those with the largest and with the smallest difference of the judge’s scores, and \
                    what the judge said. All of them: <code>pipeline artifacts show \
                    \(story.pairs.last?.stage ?? "")</code>; where one comes from: <code>pipeline \
                    lineage</code>.</p>
                    """
                )
            ] + groups.map { .text($0) })
    }

    private func example(_ pair: PairExamples.Example) -> Markup {
        let gap = pair.gap.map { "difference \(Numerals.value($0))" } ?? "not judged"
        return
            """
            <article class="pair"><p class="which">\(gap) · pair \(pair.id)</p><blockquote class="said \
            prompt">\(Self.clipped(pair.prompt))</blockquote><div class="sides">\
            \(side("Chosen", "chosen", pair.chosen))\(side("Rejected", "rejected", pair.rejected))</div>\
            </article>\n
            """
    }

    private func side(_ title: String, _ role: String, _ side: PairExamples.Side) -> Markup {
        let score = side.score.map { ", score \(Numerals.value($0))" } ?? ""
        let replies = side.replies.map { reply -> Markup in
            let score = reply.score.map { "score \(Numerals.value($0))" } ?? "no score"
            return
                "<p class=\"which\">\(score)</p><blockquote class=\"said\">\(Self.clipped(reply.text))</blockquote>"
        }
        let said: Markup =
            replies.isEmpty
            ? ""
            : """
            <details class="data"><summary>\(Quantities.count(replies.count, "verdict"))</summary>\
            \(replies)</details>
            """
        return
            """
            <div class="\(role)"><h4>\(title)\(score)</h4><blockquote class="said">\
            \(Self.clipped(side.text))</blockquote>\(said)</div>
            """
    }

    /// `text` cut to what can be read, or a word for nothing.
    private static func clipped(_ text: String) -> String {
        if text.allSatisfy(\.isWhitespace) { return "(empty)" }
        // By scalars: one character can have any number of them.
        let shown = text.unicodeScalars.prefix(longestText)
        return shown.endIndex == text.unicodeScalars.endIndex ? text : String(shown) + "…"
    }

    // MARK: Warnings

    var warnings: ReportSection {
        let titles: [StoryWarning.Subject: String] = [
            .failure: "Not finished", .collapse: "Judges that give one score",
            .likelihood: "Falling chosen log-probabilities",
            .length: "Length", .parsing: "Verdicts without a score", .data: "Data",
            .stage: "Said by stages in this run",
        ]
        guard !story.warnings.isEmpty else {
            return ReportSection(
                id: "warnings", title: "Warnings",
                blocks: [
                    .text(
                        """
                        <p>None: no collapsed judge, no falling log-probabilities of chosen responses, no \
                        growth of length beyond a fifth, no unreadable verdicts, and no stage warned of \
                        anything.</p>
                        """
                    )
                ])
        }
        let groups = StoryWarning.Subject.allCases.compactMap { subject -> Markup? in
            let found = story.warnings.filter { $0.subject == subject }
            guard !found.isEmpty else { return nil }
            let items = Self.together(found).map { stages, text -> Markup in
                let names = stages.enumerated().map { place, name -> Markup in
                    "\(place == 0 ? "" : ", ")<code>\(name)</code>"
                }
                return "<li>\(names)\(names.isEmpty ? "" : ": ")\(Self.clipped(text))</li>"
            }
            return "<h3>\(titles[subject] ?? subject.rawValue)</h3><ul>\(items)</ul>\n"
        }
        return ReportSection(id: "warnings", title: "Warnings", blocks: groups.map { .text($0) })
    }

    /// What is said of several stages in the same words, once.
    private static func together(_ warnings: [StoryWarning]) -> [(stages: [String], text: String)] {
        var order: [String] = [], stages: [String: [String]] = [:]
        for warning in warnings {
            if stages[warning.text] == nil { order.append(warning.text) }
            stages[warning.text, default: []] += warning.stage.map { [$0] } ?? []
        }
        return order.map { (stages[$0] ?? [], $0) }
    }

    // MARK: Seeds

    var seeds: ReportSection? {
        guard let spread, spread.runs.count > 1 else { return nil }
        let drawn = spread.figures.filter { row in
            row.values.count > 1 && (RunStory.headlines + ["win_rate"]).contains(row.name)
        }
        var names: [String] = []
        for row in drawn where !names.contains(row.name) { names.append(row.name) }
        let figures = names.map { name -> Figure in
            let rows = drawn.filter { $0.name == name }.map { row in
                let deviation = row.deviation ?? 0
                return IntervalRows.Row(
                    name: row.stage, value: row.mean, lower: row.mean - deviation, upper: row.mean + deviation,
                    parts: row.values.map(\.value),
                    number: "\(Numerals.value(row.mean)) ± \(Numerals.value(row.deviation))",
                    tip:
                        "\(row.stage): mean \(Numerals.value(row.mean)), standard deviation \(Numerals.value(row.deviation)), "
                        + "\(Quantities.count(row.values.count, "result"))")
            }
            return Figure(
                title: MeasureNames.words(name),
                description: rows.map(\.tip).joined(separator: "; ") + ".",
                note:
                    "Large dots are means over runs, lines one standard deviation to each side, small dots single runs.",
                drawing: IntervalRows(rows: rows, unit: MeasureNames.words(name), neutral: nil).drawing,
                table: PageTable(
                    caption: MeasureNames.words(name), headings: ["stage", "mean", "standard deviation", "results"],
                    numeric: [1, 2, 3],
                    rows: drawn.filter { $0.name == name }.map { row in
                        [
                            "\(row.stage)", "\(Numerals.value(row.mean))", "\(Numerals.value(row.deviation))",
                            "\(row.values.count)",
                        ]
                    }))
        }
        let named = spread.runs.map { "\($0.id) (seed \($0.seeds.joined(separator: ", ")))" }.joined(separator: ", ")
        let repeated: Markup =
            spread.hasRepeatedSeeds
            ? """
            <p class="callout">Some of these runs have the same seed: what they have in \
            common counts once.</p>
            """
            : ""
        let others = spread.stagesThatDiffer
        let different: Markup =
            others.isEmpty
            ? ""
            : """
            <p class="callout">Not all of these runs have these stages, or not with the same parameters: \
            \(others.joined(separator: ", ")). What is spread here is not the seed’s doing alone.</p>
            """
        return ReportSection(
            id: "seeds", title: "Several seeds",
            blocks: [
                .text(
                    """
                    <p>\(spread.runs.count) runs of this pipeline: \(named). The rest of the page is about \
                    the first.</p>\(repeated)\(different)
                    """
                ),
                .figures(figures), .more("Every measurement", [.table(PageTable(spread.table))]),
            ])
    }
}
