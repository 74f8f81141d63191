/// Whose answers are better: by a judge, by AlpacaEval's annotations, by people; and for which prompts.
struct ContestSection {
    var story: RunStory
    private var figures: MeasureFigures { MeasureFigures(story: story) }

    /// As the judge says, and what would be left of it at equal lengths.
    private static let rates = ["win_rate", "length_controlled_minimal"]
    private static let neutral = (value: 0.5, words: "neither is better")

    var section: ReportSection? {
        let measured = story.measurements.filter { SummaryRow.contestKinds.contains($0.kind) }
        let rates = measured.filter { Self.rates.contains($0.name) }
        guard !rates.isEmpty else { return nil }
        let names = rates.map { rate -> MeasureFigures.Named in
            (story.contest(rate) + (rate.name == "win_rate" ? "" : ", length-adjusted"), rate)
        }
        let charts = [
            figures.rows("Win rate, ties as half", names, unit: "win rate", neutral: Self.neutral),
            outcomes(names.filter { $0.row.name == "win_rate" }),
        ].compactMap { $0 }
        var blocks: [ReportBlock] = [.figures(charts)]
        let parts = breakdowns
        if !parts.isEmpty { blocks += [.text("<h3>By kind of prompt</h3>"), .figures(parts)] }
        blocks.append(
            .more(
                "Everything that was measured head to head",
                [.table(PageTable(RunStory.table(of: measured, in: story)))]))
        return ReportSection(id: "contests", title: "Head to head", blocks: blocks)
    }

    /// Nil where no stage says how its matches ended.
    private func outcomes(_ rates: [MeasureFigures.Named]) -> Figure? {
        let parts = [("wins", "wins"), ("ties", "ties"), ("losses", "losses"), ("no_verdict", "no verdict")]
        let rows = rates.compactMap { name, rate -> ShareBars.Row? in
            let shares = parts.map { part, _ in
                story.measurements.first { $0.stage == rate.stage && $0.name == part }?.value
            }
            guard shares.contains(where: { $0 != nil }) else { return nil }
            return ShareBars.Row(
                name: name,
                parts: zip(parts, shares).map { .init(name: $0.1, share: min(1, max(0, $1 ?? 0))) })
        }
        guard !rows.isEmpty else { return nil }
        return Figure(
            title: "How the matches ended",
            description: rows.map { row in
                row.name + ": "
                    + row.parts.map { "\(Numerals.percent($0.share, of: 1)) \($0.name)" }.joined(separator: ", ")
            }.joined(separator: "; ") + ".",
            note: "Where both orders were asked, a verdict that changes with the order is a tie.",
            drawing: ShareBars(rows: rows).drawing,
            table: PageTable(
                caption: "Shares of all matches", headings: ["comparison"] + parts.map(\.1), numeric: [1, 2, 3, 4],
                rows: rows.map { row in
                    ["\(row.name)"] + row.parts.map { "\(Numerals.percent($0.share, of: 1))" }
                }))
    }

    /// Win rates by label, a chart for each thing that the prompts are labelled by: `win_rate/complexity/3`.
    private var breakdowns: [Figure] {
        var groups: [(title: String, rows: [MeasureFigures.Named])] = []
        for row in story.measurements where row.kind == "break-down" && row.value != nil {
            let parts = row.name.split(separator: "/", maxSplits: 2).map(String.init)
            guard parts.count == 3, parts[0] == "win_rate" else { continue }
            let title = "\(subject(ofBreakDown: row.stage)), by \(parts[1])"
            if groups.last?.title != title || groups.last?.rows.last?.row.stage != row.stage {
                groups.append((title, []))
            }
            groups[groups.count - 1].rows.append((parts[2], row))
        }
        return groups.compactMap { figures.rows($0.title, $0.rows, unit: "win rate", neutral: Self.neutral) }
    }

    /// What a stage breaks down: the contest whose judgements it alone reads; else it is called by its own name.
    private func subject(ofBreakDown stage: String) -> String {
        let contests = story.measurements.filter {
            SummaryRow.contestKinds.contains($0.kind) && $0.name == "win_rate"
        }
        func read(by stage: StoryStage) -> [String] { contests.filter { stage.reads($0.stage) }.map(\.stage) }
        let breakDowns = story.stages.filter { $0.kind == "break-down" }
        guard let own = breakDowns.first(where: { $0.name == stage }).map(read), own.count == 1,
            breakDowns.count(where: { read(by: $0) == own }) == 1,
            let contest = contests.first(where: { $0.stage == own[0] })
        else { return stage }
        return story.contest(contest)
    }
}
