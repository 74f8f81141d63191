internal import Foundation

/// Values over the steps of trainings: a line for each, named at its end.
struct CurveChart {
    struct Line {
        var name: String
        /// Gives the colour.
        var series: Int
        /// Goes with the line before, which has the name at its end.
        var isDashed = false
        var points: [CurvePoint]
    }

    var lines: [Line]
    var reference: (value: Double, words: String)?

    /// More steps than this are drawn as means of neighbours, with the range that they span behind.
    static let mostPoints = 30

    struct Bucket: Equatable {
        var step: Double
        var mean: Double
        var least: Double
        var most: Double
    }

    /// `points` in at most `mostPoints` groups of neighbours, of the same size but for the last.
    static func buckets(_ points: [CurvePoint]) -> [Bucket] {
        let size = max(1, (points.count + mostPoints - 1) / mostPoints)
        return stride(from: 0, to: points.count, by: size).map { start in
            let group = points[start..<min(points.count, start + size)]
            let values = group.map(\.value), count = Double(group.count)
            return Bucket(
                step: group.reduce(0) { $0 + Double($1.step) } / count, mean: values.reduce(0, +) / count,
                least: values.min() ?? 0, most: values.max() ?? 0)
        }
    }

    var drawing: Drawing {
        var frame = ChartFrame()
        frame.height = 206
        frame.right = 12 + Double(min(14, lines.map { DisplayText.width($0.name) }.max() ?? 0)) * 6.2
        frame.bottom = 34
        let drawn = lines.map { (line: $0, buckets: Self.buckets($0.points)) }
        // The range of a noisy line would flatten its course, so the axis follows the means.
        let means = drawn.flatMap { $0.buckets.map(\.mean) }
        let vertical = LinearScale(
            covering: means + (reference.map { [$0.value] } ?? []), from: frame.plotBottom, to: frame.plotTop)
        frame.makeRoom(for: vertical)
        let lastStep = lines.flatMap { $0.points.map(\.step) }.max() ?? 1
        let horizontal = LinearScale(
            covering: [0, Double(lastStep)], from: frame.plotLeft, to: frame.plotRight)
        var body = frame.valueAxis(vertical) + stepAxis(horizontal, frame, last: lastStep)
        if let reference { body += frame.reference(reference.value, reference.words, on: vertical) }
        for (line, buckets) in drawn { body += path(of: line, buckets, horizontal, vertical) }
        return Drawing(
            width: frame.width, height: frame.height, body: body + names(drawn, horizontal, vertical, frame))
    }

    private func stepAxis(_ scale: LinearScale, _ frame: ChartFrame, last: Int) -> Markup {
        let whole = scale.ticks.filter { $0 == $0.rounded() }
        let labels = whole.map { tick in
            Ink2D.text(
                Int(exactly: tick).map(Numerals.count) ?? scale.label(tick), x: scale.position(tick),
                y: frame.plotBottom + 15, anchor: .middle,
                role: "tick")
        }
        let title = Ink2D.text(
            "optimiser step", x: (frame.plotLeft + frame.plotRight) / 2, y: frame.height - 3, anchor: .middle,
            role: "axis")
        return Markup(labels) + title
    }

    private func path(
        of line: Line, _ buckets: [Bucket], _ horizontal: LinearScale, _ vertical: LinearScale
    ) -> Markup {
        func place(_ step: Double, _ value: Double) -> String {
            "\(Numerals.coordinate(horizontal.position(step))) \(Numerals.coordinate(vertical.position(value)))"
        }
        let role = "s\(line.series % Palette.count)"
        var shapes: Markup = ""
        if line.points.count > buckets.count {
            let band = buckets.map { place($0.step, $0.most) } + buckets.reversed().map { place($0.step, $0.least) }
            shapes += "<path d=\"M\(band.joined(separator: "L"))Z\" class=\"band \(role)\"/>"
        }
        if buckets.count == 1, let only = buckets.first {
            shapes += Ink2D.mark(
                line.series, x: horizontal.position(only.step), y: vertical.position(only.mean), size: 3)
        } else {
            let course = buckets.map { place($0.step, $0.mean) }.joined(separator: "L")
            shapes += "<path d=\"M\(course)\" class=\"curve \(role)\(line.isDashed ? " dashed" : "")\"/>"
        }
        return Ink2D.tipped(tip(line), shapes)
    }

    private func tip(_ line: Line) -> String {
        let first = line.points.first?.value, last = TrainingCurves.lastTenth(line.points)
        return
            "\(line.name)\(line.isDashed ? ", dashed" : ""): \(Numerals.value(first)) at the first step, "
            + "\(Numerals.value(last)) over the last tenth of \(Quantities.count(line.points.count, "step"))"
    }

    /// The names at the ends of the lines, moved apart where they would cover each other.
    private func names(
        _ drawn: [(line: Line, buckets: [Bucket])], _ horizontal: LinearScale, _ vertical: LinearScale,
        _ frame: ChartFrame
    ) -> Markup {
        let ends = drawn.filter { !$0.line.isDashed }.compactMap { line, buckets in
            buckets.last.map { (line: line, x: horizontal.position($0.step), y: vertical.position($0.mean)) }
        }
        let places = Self.apart(ends.map(\.y), by: 13, within: (frame.plotTop + 2)...(frame.plotBottom))
        return Markup(
            zip(ends, places).map { end, y in
                let role = "name s\(end.line.series % Palette.count)"
                return Ink2D.text(end.line.name, x: frame.plotRight + 6, y: y + 3.5, role: role, columns: 14)
                    + Ink2D.line(
                        end.x + 2, end.y, frame.plotRight + 3, y, role: "leader s\(end.line.series % Palette.count)")
            })
    }

    /// `places`, each moved as little as is needed for all to be `distance` apart, as far as `range` has room.
    static func apart(_ places: [Double], by distance: Double, within range: ClosedRange<Double>) -> [Double] {
        let order = places.indices.sorted { (places[$0], $0) < (places[$1], $1) }
        var moved = places
        var lowest = range.lowerBound
        for index in order {
            moved[index] = max(places[index], lowest)
            lowest = moved[index] + distance
        }
        var highest = range.upperBound
        for index in order.reversed() {
            moved[index] = min(moved[index], highest)
            highest = moved[index] - distance
        }
        return moved
    }
}
