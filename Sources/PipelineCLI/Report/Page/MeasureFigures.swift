/// Charts and tables of measurements, whatever they measure.
struct MeasureFigures {
    var story: RunStory

    /// A dot and a whisker for each model.
    func figure(_ values: [StoryMeasurement]) -> Figure {
        let known = values.filter { $0.value?.isFinite == true }
        let title = MeasureNames.words(values.first?.name ?? "")
        let categories = known.map { story.label($0.model) ?? $0.stage }
        let chart = IntervalChart(
            categories: categories,
            values: known.enumerated().map { place, row in
                .init(
                    category: place, value: row.value ?? 0, lower: row.lower, upper: row.upper,
                    tip: "\(categories[place]): \(tip(row))")
            })
        return Figure(
            title: title,
            description: "\(title) of each model, with its 95 % interval: "
                + zip(categories, known).map { "\($0) \(tip($1))" }.joined(separator: "; ") + ".",
            note: known.first?.note, drawing: chart.drawing, table: table(known, caption: title))
    }

    private func tip(_ row: StoryMeasurement) -> String {
        [Numerals.value(row.value), Numerals.interval(row.lower, row.upper), "n = \(Numerals.count(row.count))"]
            .filter { !$0.isEmpty }.joined(separator: " ")
    }

    func table(_ rows: [StoryMeasurement], caption: String) -> PageTable {
        PageTable(
            caption: caption, headings: ["model", "value", "95 % interval", "count", "stage"], numeric: [1, 2, 3],
            rows: rows.map { row in
                [
                    "\(story.label(row.model) ?? Numerals.absent)", "\(Numerals.value(row.value))",
                    "\(Self.orAbsent(Numerals.interval(row.lower, row.upper)))", "\(Numerals.count(row.count))",
                    "\(row.stage)",
                ]
            })
    }

    /// A value with its interval below it.
    static func cell(_ row: StoryMeasurement) -> Markup {
        "\(Numerals.value(row.value)) <small>\(Numerals.interval(row.lower, row.upper))</small>"
    }

    static func orAbsent(_ text: String) -> String { text.isEmpty ? Numerals.absent : text }

    /// Measures down, models across: for many measures at once.
    func matrix(_ series: [[StoryMeasurement]], caption: String) -> PageTable {
        let models = Set(series.flatMap { $0.compactMap(\.model) }).sorted()
        return PageTable(
            caption: caption,
            headings: ["measure"] + models.map { story.models[$0].label } + ["count", "what it is"],
            numeric: Set(1...(models.count + 1)),
            rows: series.map { values in
                let cells = models.map { model -> Markup in
                    values.first { $0.model == model }.map(Self.cell) ?? "\(Numerals.absent)"
                }
                let counts = Set(values.map(\.count)).sorted()
                let count = counts.count == 1 ? counts : [counts.first ?? 0, counts.last ?? 0]
                return ["\(MeasureNames.words(values.first?.name ?? ""))"] + cells + [
                    "\(count.map(Numerals.count).joined(separator: "–"))", "\(values.first?.note ?? "")",
                ]
            })
    }

    /// The measurements of a kind of stage, measure by measure.
    func series(_ kind: String) -> [[StoryMeasurement]] { story.series.filter { $0.first?.kind == kind } }
}
