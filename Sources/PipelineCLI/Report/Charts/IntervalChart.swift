/// Values of several models side by side, each with its interval: a dot and a whisker.
struct IntervalChart {
    struct Value {
        /// The place along the horizontal axis.
        var category: Int
        var series = 0
        var value: Double
        var lower: Double?
        var upper: Double?
        /// All of it in words.
        var tip: String
    }

    /// What stands along the horizontal axis.
    var categories: [String]
    /// What the categories are of.
    var axis: String?
    /// Names of the series, where there is more than one.
    var series: [String] = []
    var values: [Value]
    /// A value with a meaning, and what it means.
    var reference: (value: Double, words: String)?
    /// Whether the axis must show 0.
    var includesZero = false

    var drawing: Drawing {
        var frame = ChartFrame()
        let isSteep = band(frame) < 46 && categories.contains { $0.count > 5 }
        if isSteep { frame.bottom = 62 }
        if axis != nil { frame.bottom += 10 }
        if series.count > 1 { frame.top = 34 }
        if reference != nil { frame.top += Self.keyHeight }
        frame.height = 148 + frame.top + frame.bottom
        let ends = values.flatMap { [$0.value, $0.lower, $0.upper].compactMap { $0 } }
        // Shares of which all are none, or all are whole, still lie between the two.
        let isFlat = ends.allSatisfy { $0 == 0 } || ends.allSatisfy { $0 == 1 }
        let scale = LinearScale(
            covering: ends + (reference.map { [$0.value] } ?? []) + (includesZero ? [0] : [])
                + (isFlat ? [0, 1] : []),
            from: frame.plotBottom, to: frame.plotTop)
        frame.makeRoom(for: scale)
        var body = frame.valueAxis(scale)
        if let reference { body += line(reference.value, reference.words, frame, scale) }
        for (place, name) in categories.enumerated() {
            let x = center(place, frame)
            body +=
                isSteep
                ? """
                <g transform="translate(\(x + 4) \(frame.plotBottom + 14)) rotate(-38)">\
                \(Ink2D.text(name, x: 0, y: 0, anchor: .end, role: "category", columns: 12))</g>
                """
                : Ink2D.text(
                    name, x: x, y: frame.plotBottom + 18, anchor: .middle, role: "category",
                    columns: max(4, Int(band(frame) / 6.6)))
        }
        if let axis {
            body += Ink2D.text(
                axis, x: (frame.plotLeft + frame.plotRight) / 2, y: frame.height - 4, anchor: .middle, role: "axis")
        }
        let slots = slots
        for (place, value) in values.enumerated() {
            let twins = values[..<place].count { $0.category == value.category && $0.series == value.series }
            let slot = slots.prefix(value.series).reduce(twins, +)
            body += mark(value, frame, scale, slot: slot, of: slots.reduce(0, +))
        }
        return Drawing(width: frame.width, height: frame.height, body: body + legend(frame))
    }

    private func band(_ frame: ChartFrame) -> Double { frame.plotWidth / Double(max(1, categories.count)) }

    private func center(_ place: Int, _ frame: ChartFrame) -> Double {
        frame.plotLeft + (Double(place) + 0.5) * band(frame)
    }

    /// How many values of each series stand beside each other in one category, at most.
    private var slots: [Int] {
        (0...(values.map(\.series).max() ?? 0)).map { number in
            let own = values.filter { $0.series == number }
            return categories.indices.map { place in own.count { $0.category == place } }.max() ?? 0
        }
    }

    private static let keyHeight = 18.0

    /// Across at a value with a meaning. What it means stands above the plot, where no mark can lie under it.
    private func line(_ value: Double, _ words: String, _ frame: ChartFrame, _ scale: LinearScale) -> Markup {
        let y = scale.position(value), top = frame.top - Self.keyHeight - 2
        return Ink2D.line(frame.plotLeft, y, frame.plotRight, y, role: "reference")
            + Ink2D.line(frame.plotLeft, top, frame.plotLeft + 22, top, role: "reference")
            + Ink2D.text("\(words): \(Numerals.value(value))", x: frame.plotLeft + 28, y: top + 3.5, role: "note")
    }

    private func mark(_ value: Value, _ frame: ChartFrame, _ scale: LinearScale, slot: Int, of count: Int) -> Markup {
        let side = (Double(slot) - Double(count - 1) / 2) * min(22, band(frame) / Double(count + 1))
        let x = center(value.category, frame) + side, y = scale.position(value.value)
        var shapes: Markup = ""
        if let lower = value.lower, let upper = value.upper {
            let low = scale.position(lower), high = scale.position(upper)
            let role = "whisker s\(value.series % Palette.count)"
            shapes += Ink2D.line(x, low, x, high, role: role)
            for end in [low, high] { shapes += Ink2D.line(x - 4, end, x + 4, end, role: role) }
        }
        shapes += Ink2D.mark(value.series, x: x, y: y)
        // Beside the dot there is room for the number where the bands are wide.
        if band(frame) / Double(count) > (count == 1 ? 44 : 70) {
            shapes += Ink2D.text(Numerals.value(value.value), x: x + 8, y: y + 3.5, role: "value")
        }
        return Ink2D.tipped(value.tip, shapes)
    }

    private func legend(_ frame: ChartFrame) -> Markup {
        guard series.count > 1 else { return "" }
        var x = frame.plotLeft, legend: Markup = ""
        for (number, name) in series.enumerated() {
            legend +=
                Ink2D.mark(number, x: x + 5, y: 14) + Ink2D.text(name, x: x + 14, y: 18, role: "label", columns: 30)
            x += 30 + Double(min(30, name.count)) * 6.4
        }
        return legend
    }
}

/// Values one below the other, each named in full, with its interval: for comparisons and for what has long names.
struct IntervalRows {
    struct Row {
        var name: String
        var value: Double
        var lower: Double?
        var upper: Double?
        /// Single values that `value` is the mean of.
        var parts: [Double] = []
        /// Stands for the value; without it, the value and its interval do.
        var number: String?
        var tip: String
    }

    var rows: [Row]
    /// What the axis shows.
    var unit: String
    /// The value that means no difference.
    var neutral: (value: Double, words: String)?

    var drawing: Drawing {
        let width = 360.0, left = 16.0, right = 344.0, top = 26.0
        // A name that is too long for the number beside it has a line to itself, and so have all.
        let isTall = rows.contains { DisplayText.width($0.name) + DisplayText.width(Self.number($0)) > 56 }
        let rowHeight = isTall ? 50.0 : 38.0
        let bottom = top + Double(rows.count) * rowHeight + 4
        let values = rows.flatMap { [$0.value, $0.lower, $0.upper].compactMap { $0 } + $0.parts }
        let scale = LinearScale(covering: values + (neutral.map { [$0.value] } ?? []), from: left, to: right)
        var body: Markup = ""
        for tick in scale.ticks {
            let x = scale.position(tick)
            body += Ink2D.line(x, top - 4, x, bottom, role: "grid")
            body += Ink2D.text(scale.label(tick), x: x, y: bottom + 14, anchor: .middle, role: "tick")
        }
        if let neutral {
            let x = scale.position(neutral.value)
            body += Ink2D.line(x, top - 8, x, bottom, role: "reference")
            let anchor: Ink2D.Anchor = x > 300 ? .end : x < 60 ? .start : .middle
            body += Ink2D.text(neutral.words, x: x, y: 12, anchor: anchor, role: "note")
        }
        for (place, row) in rows.enumerated() {
            body += self.row(
                row, y: top + Double(place) * rowHeight, scale, left: left, right: right, isTall: isTall)
        }
        body += Ink2D.text(unit, x: width / 2, y: bottom + 32, anchor: .middle, role: "axis")
        return Drawing(width: width, height: bottom + 40, body: body)
    }

    private static func number(_ row: Row) -> String {
        row.number
            ?? Numerals.value(row.value) + (row.lower == nil ? "" : " " + Numerals.interval(row.lower, row.upper))
    }

    private func row(
        _ row: Row, y: Double, _ scale: LinearScale, left: Double, right: Double, isTall: Bool
    ) -> Markup {
        let line = y + (isTall ? 25 : 12), middle = line + 14, x = scale.position(row.value)
        var shapes = Ink2D.text(row.name, x: left, y: y + 12, role: "label", columns: 54)
        shapes += Ink2D.text(Self.number(row), x: right, y: line, anchor: .end, role: "value")
        if let lower = row.lower, let upper = row.upper {
            let ends = [scale.position(lower), scale.position(upper)]
            shapes += Ink2D.line(ends[0], middle, ends[1], middle, role: "whisker s0")
            for end in ends { shapes += Ink2D.line(end, middle - 4, end, middle + 4, role: "whisker s0") }
        }
        for part in row.parts { shapes += Ink2D.mark(0, x: scale.position(part), y: middle, size: 2.5, role: "part") }
        return Ink2D.tipped(row.tip, shapes + Ink2D.mark(0, x: x, y: middle))
    }
}
