/// What the run changed, in a few sentences and one table: the top of the page.
struct OpeningSection {
    var story: RunStory

    /// One sentence that can be read alone.
    var headline: String {
        let changes = story.changes
        guard let first = changes.first, let last = story.label(first.last.model) else {
            return story.models.isEmpty
                ? "This run made no model."
                : "Nothing was measured of more than one model, so nothing can be said to have changed."
        }
        let starts = Set(changes.compactMap { story.label($0.first.model) })
        let ends = Set(changes.compactMap { story.label($0.last.model) })
        let span =
            ends.count > 1
            ? "From the first to the last model measured"
            : starts.count == 1 ? "From \(starts.first ?? "") to \(last)" : "Up to \(last)"
        let known = changes.filter { $0.verdict != .unknown }
        let rose = known.count { $0.verdict == .rose }, fell = known.count { $0.verdict == .fell }
        let measures = Quantities.count(known.count, "measure")
        if known.isEmpty { return "\(span), no measure has an interval, so no change can be told from chance." }
        if rose + fell == 0 {
            return known.count == 1
                ? "\(span), the one measure changed no more than chance allows."
                : "\(span), none of \(measures) changed by more than chance allows."
        }
        let same = known.count - rose - fell
        return "\(span), \(rose) of \(measures) rose, \(fell) fell"
            + (same > 0 ? ", and \(same) cannot be told from chance." : ".")
    }

    /// What rose, what fell, and how models compare directly.
    var sentences: [Markup] {
        var lines: [Markup] = []
        for (verdict, word) in [(MeasuredChange.Verdict.rose, "Rose"), (.fell, "Fell")] {
            let changed = story.changes.filter { $0.verdict == verdict }.map(Self.words)
            if !changed.isEmpty { lines.append("<strong>\(word):</strong> \(changed.joined(separator: "; ")).") }
        }
        let compared = story.comparisons.compactMap(comparison)
        if !compared.isEmpty {
            lines.append("<strong>Compared directly:</strong><ul>\(compared.map { "<li>\($0)</li>" as Markup })</ul>")
        }
        return lines
    }

    private static func words(_ change: MeasuredChange) -> String {
        "\(MeasureNames.words(change.name)) \(Numerals.value(change.first.value)) → "
            + "\(Numerals.value(change.last.value)) "
            + "(\(Numerals.signed(change.difference)) \(Numerals.interval(change.lower, change.upper)))"
    }

    private func comparison(_ found: (measurement: StoryMeasurement, neutral: Double)) -> String? {
        let measurement = found.measurement
        guard let value = measurement.value, let model = story.label(measurement.model) else { return nil }
        // A gain is of one model; its name says over what.
        let subject = measurement.name == "win_rate" ? story.contest(measurement) : model
        let verdict = measurement.lower.flatMap { lower in
            measurement.upper.map { MeasuredChange.verdict(lower, $0, around: found.neutral) }
        }
        let neutral = found.neutral == 0 ? "zero" : "one half"
        let words =
            switch verdict {
            case .rose: "above \(neutral)"
            case .fell: "below \(neutral)"
            case .indistinct: "not distinguishable from \(neutral)"
            case .unknown, nil: "without an interval"
            }
        return "\(subject), \(MeasureNames.words(measurement.name)) \(Numerals.value(value)) "
            + "\(Numerals.interval(measurement.lower, measurement.upper)), \(words)"
    }

    var section: ReportSection {
        var blocks: [ReportBlock] =
            sentences.isEmpty
            ? [] : [.text("<ul class=\"story\">\(sentences.map { "<li>\($0)</li>" as Markup })</ul>")]
        // Those that changed say most.
        let changes = story.changes
        let shown = (changes.filter(\.isDistinct) + changes.filter { !$0.isDistinct }).prefix(3)
        blocks.append(.figures(shown.map { MeasureFigures(story: story).figure($0.values) }))
        if !story.changes.isEmpty { blocks += [.table(table), .text(Self.explanation)] }
        if story.changes.isEmpty {
            blocks.append(.text(Self.remedy))
        }
        return ReportSection(id: "story", title: "What changed", blocks: blocks)
    }

    private static let remedy: Markup =
        """
        <p>To measure every model, add an <code>evaluate-judge</code> stage for each of them, or <code>\
        head-to-head</code> for two.</p>
        """

    private static let explanation: Markup = """
        <p class="note">95 % intervals. The change is from the first measured model to the last, of those that were \
        trained one from another. Where <code>compare-judges</code> compared the two item by item, the interval is its own \
        (marked *); elsewhere it takes the two estimates as independent, and since models that were asked the same \
        questions err alike, it is wide rather than narrow.</p>
        """

    private var table: PageTable {
        let models = Set(story.changes.flatMap { $0.values.compactMap(\.model) }).sorted()
        return PageTable(
            caption: "Measures of every model, and the change from the first to the last",
            headings: ["measure"] + models.map { story.models[$0].label } + ["change", "verdict"],
            numeric: Set(1...(models.count + 1)),
            rows: story.changes.map { change in
                let values = models.map { model -> Markup in
                    guard let value = change.values.first(where: { $0.model == model }) else {
                        return "\(Numerals.absent)"
                    }
                    return MeasureFigures.cell(value)
                }
                let verdict: Markup =
                    """
                    <span class="verdict \
                    \(change.verdict == .rose ? "rose" : change.verdict == .fell ? "fell" : "same")">\
                    \(change.verdict.symbol)</span> \(change.verdict.rawValue)
                    """
                return ["\(MeasureNames.words(change.name))"] + values + [
                    "\(Numerals.signed(change.difference)) <small>\(Numerals.interval(change.lower, change.upper))\(change.isPaired ? " *" : "")</small>",
                    verdict,
                ]
            })
    }
}
