/// How often each whole score was given: a column a score, as shares, with the count on top.
struct HistogramChart {
    var counts: [Int: Int]
    /// What stands below the axis.
    var unit: String

    /// The scores to show: 0 to 5, and whatever else there is.
    static func bins(_ counts: [Int: Int]) -> ClosedRange<Int> {
        let given = counts.filter { $0.value > 0 }.keys
        return min(0, given.min() ?? 0)...max(5, given.max() ?? 5)
    }

    var drawing: Drawing {
        var frame = ChartFrame()
        (frame.width, frame.height, frame.top, frame.bottom) = (280, 168, 20, 36)
        let total = Double(counts.values.reduce(0, +))
        let bins = Self.bins(counts)
        let largest = total > 0 ? Double(counts.values.max() ?? 0) / total * 100 : 100
        let scale = LinearScale(
            covering: [0, max(largest, 1)], from: frame.plotBottom, to: frame.plotTop, marks: 4)
        let band = frame.plotWidth / Double(bins.count)
        var body = frame.valueAxis(scale, unit: "\u{202F}%")
        for (place, score) in bins.enumerated() {
            let count = counts[score] ?? 0
            let x = frame.plotLeft + (Double(place) + 0.5) * band
            let y = scale.position(total > 0 ? Double(count) / total * 100 : 0)
            let column = Ink2D.rectangle(
                x: x - band * 0.36, y: y, width: band * 0.72, height: frame.plotBottom - y, role: "column s0")
            // Not too much ink where there are many scores.
            let number =
                bins.count > 9 || count == 0
                ? "" : Ink2D.text(Numerals.count(count), x: x, y: y - 4, anchor: .middle, role: "value")
            let tip = "score \(score): \(Numerals.count(count)) (\(Numerals.percent(Double(count), of: total)))"
            body += Ink2D.tipped(tip, column + number)
            if bins.count <= 12 || score % 5 == 0 {
                body += Ink2D.text("\(score)", x: x, y: frame.plotBottom + 14, anchor: .middle, role: "category")
            }
        }
        body += Ink2D.text(
            unit, x: (frame.plotLeft + frame.plotRight) / 2, y: frame.height - 4, anchor: .middle, role: "axis")
        return Drawing(width: frame.width, height: frame.height, body: body)
    }
}

/// Parts of a whole, one whole a row: who won, and who did not.
struct ShareBars {
    struct Part {
        var name: String
        var share: Double
    }

    struct Row {
        var name: String
        var parts: [Part]
    }

    var rows: [Row]

    var drawing: Drawing {
        let width = 360.0, left = 4.0, full = 352.0, height = 46.0, top = 30.0
        var body = legend
        for (place, row) in rows.enumerated() {
            let y = top + Double(place) * height
            body += Ink2D.text(row.name, x: left, y: y + 12, role: "label", columns: 54)
            var x = left
            for (number, part) in row.parts.enumerated() where part.share > 0 {
                let size = part.share * full
                var shapes = Ink2D.rectangle(x: x, y: y + 18, width: size - 1, height: 20, role: "share p\(number)")
                if size > 34 {
                    shapes += Ink2D.text(
                        Numerals.percent(part.share, of: 1), x: x + size / 2, y: y + 32, anchor: .middle,
                        role: "inside p\(number)")
                }
                body += Ink2D.tipped("\(row.name): \(Numerals.percent(part.share, of: 1)) \(part.name)", shapes)
                x += size
            }
        }
        return Drawing(width: width, height: top + Double(rows.count) * height, body: body)
    }

    private var legend: Markup {
        var x = 4.0, legend: Markup = ""
        for (number, part) in (rows.first?.parts ?? []).enumerated() {
            legend += Ink2D.rectangle(x: x, y: 6, width: 11, height: 11, role: "share p\(number)")
            legend += Ink2D.text(part.name, x: x + 16, y: 16, role: "label")
            x += 30 + Double(part.name.count) * 6.6
        }
        return legend
    }
}
