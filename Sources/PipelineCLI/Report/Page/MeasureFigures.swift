internal import Foundation

/// Charts and tables of measurements, whatever they measure.
struct MeasureFigures {
    var story: RunStory

    /// A measurement, and what it is of.
    typealias Named = (name: String, row: StoryMeasurement)

    // MARK: Charts

    /// A dot and a whisker for each model.
    func figure(_ values: [StoryMeasurement], reference: (value: Double, words: String)? = nil) -> Figure {
        let known = values.filter { $0.value?.isFinite == true }.map { row -> Named in
            (name: story.label(row.model) ?? row.stage, row: row)
        }
        let title = MeasureNames.words(values.first?.name ?? "")
        let chart = IntervalChart(
            categories: known.map(\.name),
            values: known.enumerated().map { place, found in
                .init(
                    category: place, value: found.row.value ?? 0, lower: found.row.lower, upper: found.row.upper,
                    tip: "\(found.name): \(tip(found.row))")
            }, reference: reference)
        let compared = reference.map { " “\($0.words)”: \(Numerals.value($0.value))." } ?? ""
        return Figure(
            title: title,
            description: "\(title) of each model: "
                + known.map { "\($0.name) \(tip($0.row))" }.joined(separator: "; ") + ".\(compared)",
            note: Self.caption(known.map(\.row)), drawing: chart.drawing, table: table(known, caption: title))
    }

    /// Several measures beside each other, each of every model.
    /// - Parameters:
    ///   - entries: what each measure is of, as the axis shows it, and its values.
    ///   - axis: what the measures differ in.
    func figure(
        _ title: String, _ entries: [(name: String, values: [StoryMeasurement])], axis: String, description: String,
        note: String?
    ) -> Figure {
        let models = Set(entries.flatMap { $0.values.compactMap(\.model) }).sorted()
        let labels = models.map { story.models[$0].label }
        let values = entries.enumerated().flatMap { place, entry in
            entry.values.compactMap { row -> IntervalChart.Value? in
                guard let value = row.value, let series = row.model.flatMap({ models.firstIndex(of: $0) }) else {
                    return nil
                }
                return .init(
                    category: place, series: series, value: value, lower: row.lower, upper: row.upper,
                    tip: "\(labels[series]), \(axis) \(entry.name): \(tip(row))")
            }
        }
        let chart = IntervalChart(
            categories: entries.map(\.name), axis: axis, series: labels.count > 1 ? labels : [], values: values)
        return Figure(
            title: title, description: description, note: note, drawing: chart.drawing,
            table: matrix(entries.map(\.values), caption: title))
    }

    /// Measurements one below the other; nil where none has a value.
    /// - Parameter neutral: the value that means no difference.
    func rows(
        _ title: String, _ rows: [Named], unit: String, neutral: (value: Double, words: String)
    ) -> Figure? {
        let drawn = rows.compactMap { name, row in
            row.value.map {
                IntervalRows.Row(
                    name: name, value: $0, lower: row.lower, upper: row.upper, tip: "\(name): \(unit) \(tip(row))")
            }
        }
        guard !drawn.isEmpty else { return nil }
        return Figure(
            title: title,
            description: "\(title): " + drawn.map(\.tip).joined(separator: "; ") + ".",
            note: Self.caption(rows.map(\.row).filter { $0.value != nil }),
            drawing: IntervalRows(rows: drawn, unit: unit, neutral: neutral).drawing,
            table: table(rows, caption: title, heading: "comparison"))
    }

    // MARK: Words

    private func tip(_ row: StoryMeasurement) -> String {
        let p = story.measurements.first { $0.stage == row.stage && $0.name == row.name + "/p" }?.value
        return [
            Numerals.value(row.value), Numerals.interval(row.lower, row.upper), "n = \(Numerals.count(row.count))",
            p.map { "p = \(Numerals.value($0))" } ?? "",
        ].filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// What was measured, what the lines are, and of how many.
    static func caption(_ rows: [StoryMeasurement]) -> String {
        [
            note(rows), rows.contains { $0.lower != nil && $0.upper != nil } ? "lines are 95 % intervals" : nil,
            "n = \(counts(rows))",
        ].compactMap { $0 }.joined(separator: "; ")
    }

    /// What the notes of all rows begin with, in whole clauses: the rest is about single ones.
    static func note(_ rows: [StoryMeasurement]) -> String? {
        let clauses = rows.map { row in
            // Of one number alone, even where two have the same.
            (row.note ?? "").components(separatedBy: "; ").filter { !$0.hasPrefix("standard error") }
        }
        guard let first = clauses.first else { return nil }
        let shared = first.indices.prefix { place in
            clauses.allSatisfy { $0.indices.contains(place) && $0[place] == first[place] }
        }
        let text = shared.map { first[$0] }.joined(separator: "; ")
        return text.isEmpty ? nil : text
    }

    /// `24`, or `9–28` where they differ.
    private static func counts(_ rows: [StoryMeasurement]) -> String {
        let counts = Set(rows.map(\.count)).sorted()
        let ends = counts.count > 1 ? [counts[0], counts[counts.count - 1]] : [counts.first ?? 0]
        return ends.map(Numerals.count).joined(separator: "–")
    }

    // MARK: Tables

    private func table(_ rows: [Named], caption: String, heading: String = "model") -> PageTable {
        PageTable(
            caption: caption, headings: [heading, "value", "95 % interval", "count", "stage"], numeric: [1, 2, 3],
            rows: rows.map { name, row in
                let interval = Numerals.interval(row.lower, row.upper)
                return [
                    "\(name)", "\(Numerals.value(row.value))", "\(interval.isEmpty ? Numerals.absent : interval)",
                    "\(Numerals.count(row.count))", "\(row.stage)",
                ]
            })
    }

    /// A value with its interval below it.
    static func cell(_ row: StoryMeasurement) -> Markup {
        "\(Numerals.value(row.value)) <small>\(Numerals.interval(row.lower, row.upper))</small>"
    }

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
                return ["\(MeasureNames.words(values.first?.name ?? ""))"] + cells + [
                    "\(Self.counts(values))", "\(Self.note(values) ?? "")",
                ]
            })
    }

    /// The measurements of a kind of stage, measure by measure.
    func series(_ kind: String) -> [[StoryMeasurement]] { story.series.filter { $0.first?.kind == kind } }
}
