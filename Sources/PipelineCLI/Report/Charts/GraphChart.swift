/// The stages of a run and who reads from whom, with what each took and whether it was reused.
struct GraphChart {
    var stages: [StoryStage]

    private static let box = (width: 138.0, height: 40.0)
    private static let gap = (column: 18.0, row: 22.0, lane: 30.0)
    private static let top = 30.0
    private static let margin = 6.0
    /// Four lanes of two columns. The style sheet makes it a little smaller, so that the page holds it.
    private static let widest = 1280.0

    var drawing: Drawing {
        let layout = GraphLayout(stages)
        let lanes = Self.lanes(layout)
        let corners = layout.places.map { place in
            (
                x: lanes.starts[place.lane].x + Double(place.column) * (Self.box.width + Self.gap.column),
                y: lanes.starts[place.lane].y + Self.top + Double(place.row) * (Self.box.height + Self.gap.row)
            )
        }
        var body: Markup = ""
        for arrow in layout.arrows { body += self.arrow(arrow, layout, corners, lanes.starts) }
        for (lane, name) in layout.lanes.enumerated() {
            body += Ink2D.text(
                name.isEmpty ? "base" : name, x: lanes.starts[lane].x + Self.width(of: lane, layout) / 2,
                y: lanes.starts[lane].y + 16, anchor: .middle, role: "lane", columns: 40)
        }
        for (place, corner) in corners.enumerated() {
            body += box(stages[place], lane: layout.lanes[layout.places[place].lane], x: corner.x, y: corner.y)
        }
        return Drawing(width: lanes.width, height: lanes.height, body: body)
    }

    private static func width(of lane: Int, _ layout: GraphLayout) -> Double {
        Double(layout.columns[lane]) * (box.width + gap.column) - gap.column
    }

    /// Where the lanes begin: beside each other as far as they fit, the rest of them below; and the size of it all.
    private static func lanes(_ layout: GraphLayout) -> (
        starts: [(x: Double, y: Double)], width: Double, height: Double
    ) {
        var starts: [(x: Double, y: Double)] = []
        var x = margin, y = 0.0, width = 0.0, rows = 0
        func height(_ rows: Int) -> Double { top + Double(rows) * (box.height + gap.row) }
        for lane in layout.lanes.indices {
            let size = Self.width(of: lane, layout)
            if x > margin, x + size + margin > widest {
                (x, y, rows) = (margin, y + height(rows), 0)
            }
            starts.append((x, y))
            width = max(width, x + size + margin)
            rows = max(rows, (layout.places.filter { $0.lane == lane }.map(\.row).max() ?? 0) + 1)
            x += size + gap.lane
        }
        return (starts, width, y + height(rows))
    }

    private func arrow(
        _ arrow: (from: Int, to: Int), _ layout: GraphLayout, _ corners: [(x: Double, y: Double)],
        _ lanes: [(x: Double, y: Double)]
    ) -> Markup {
        let from = corners[arrow.from], to = corners[arrow.to]
        let start = layout.places[arrow.from], end = layout.places[arrow.to]
        if start.lane == end.lane, end.row > start.row + 1 { return passage(arrow, layout, corners) }
        let heights = (start: lanes[start.lane].y, end: lanes[end.lane].y)
        if heights.start > heights.end { return ascent(from, to) }
        if heights.start < heights.end {
            return descent(from, to, isLeft: end.column == 0, top: heights.end + Self.top)
        }
        if start.lane == end.lane {
            let x1 = from.x + Self.box.width / 2, x2 = to.x + Self.box.width / 2
            let y1 = from.y + Self.box.height, y2 = to.y
            let bend = min(30, max(8, (y2 - y1) / 2))
            return
                """
                <path d="M\(x1) \(y1)C\(x1) \(y1 + bend) \(x2) \(y2 - bend) \(x2) \(y2 - 3)" class="arrow"/>\
                \(head(x2, y2, 90))
                """
        }
        if isBlocked(arrow.from, layout) { return detour(from, to, layout, arrow) }
        let isForward = start.lane < end.lane
        let x1 = from.x + (isForward ? Self.box.width : 0), x2 = to.x + (isForward ? 0 : Self.box.width)
        let y1 = from.y + Self.box.height / 2, y2 = to.y + Self.box.height / 2
        let bend = isForward ? 30.0 : -30.0
        return
            """
            <path d="M\(x1) \(y1)C\(x1 + bend) \(y1) \(x2 - bend) \(y2) \(x2 - (isForward ? 3 : -3)) \(y2)" \
            class="arrow across"/>\(head(x2, y2, isForward ? 0 : 180))
            """
    }

    /// To a lane that stands below, whose boxes begin at `top`: through the gap between its columns, so that what reads from
    /// one stage does not look like a chain.
    private func descent(
        _ from: (x: Double, y: Double), _ to: (x: Double, y: Double), isLeft: Bool, top: Double
    ) -> Markup {
        let half = Self.gap.column / 2
        let x1 = from.x + Self.box.width / 2, y1 = from.y + Self.box.height
        let x = to.x + (isLeft ? Self.box.width + half : -half), y2 = to.y + Self.box.height / 2
        let x2 = to.x + (isLeft ? Self.box.width : 0)
        return """
            <path d="M\(x1) \(y1)C\(x1) \(y1 + 30) \(x) \(top - 30) \(x) \(top)L\(x) \(y2 - 8)Q\(x) \(y2) \
            \(x2 + (isLeft ? 3 : -3)) \(y2)" class="arrow across"/>\(head(x2, y2, isLeft ? 180 : 0))
            """
    }

    /// From a lane that stands below to one above it.
    private func ascent(_ from: (x: Double, y: Double), _ to: (x: Double, y: Double)) -> Markup {
        let x1 = from.x + Self.box.width / 2, x2 = to.x + Self.box.width / 2, y2 = to.y + Self.box.height
        return """
            <path d="M\(x1) \(from.y)C\(x1) \(from.y - 30) \(x2) \(y2 + 30) \(x2) \(y2 + 3)" class="arrow across"/>\
            \(head(x2, y2, -90))
            """
    }

    /// Past the rows between, through the gap between the lane's columns.
    private func passage(
        _ arrow: (from: Int, to: Int), _ layout: GraphLayout, _ corners: [(x: Double, y: Double)]
    ) -> Markup {
        let from = corners[arrow.from], to = corners[arrow.to]
        let isLeft = (from: layout.places[arrow.from].column == 0, to: layout.places[arrow.to].column == 0)
        // Arrows of several stages are told apart by a little distance.
        let gap = Double(arrow.from % 3 - 1) * 4 + Self.gap.column / 2
        let x = from.x + (isLeft.from ? Self.box.width + gap : gap - Self.gap.column)
        let x1 = from.x + (isLeft.from ? Self.box.width : 0), x2 = to.x + (isLeft.to ? Self.box.width : 0)
        let y1 = from.y + Self.box.height * 0.7, y2 = to.y + Self.box.height / 2
        return """
            <path d="M\(x1) \(y1)Q\(x) \(y1) \(x) \(y1 + 8)L\(x) \(y2 - 8)Q\(x) \(y2) \
            \(x2 + (isLeft.to ? 3 : -3)) \(y2)" class="arrow"/>\(head(x2, y2, isLeft.to ? 180 : 0))
            """
    }

    /// Whether other boxes of its lane stand between the stage and the next lane.
    private func isBlocked(_ stage: Int, _ layout: GraphLayout) -> Bool {
        let place = layout.places[stage]
        return layout.places.contains { $0.lane == place.lane && $0.row == place.row && $0.column > place.column }
    }

    /// Out at the bottom and along below the boxes of the row.
    private func detour(
        _ from: (x: Double, y: Double), _ to: (x: Double, y: Double), _ layout: GraphLayout,
        _ arrow: (from: Int, to: Int)
    ) -> Markup {
        let place = layout.places[arrow.from]
        let further = layout.places.filter { $0.lane == place.lane && $0.row == place.row }.map(\.column).max() ?? 0
        let edge = from.x + Double(further - place.column) * (Self.box.width + Self.gap.column) + Self.box.width
        let x1 = from.x + Self.box.width * 0.8, y1 = from.y + Self.box.height, low = y1 + 9,
            y2 = to.y + Self.box.height / 2
        return """
            <path d="M\(x1) \(y1)Q\(x1) \(low) \(x1 + 12) \(low)L\(edge) \(low)C\(edge + 22) \(low) \
            \(to.x - 26) \(y2) \(to.x - 3) \(y2)" class="arrow across"/>\(head(to.x, y2, 0))
            """
    }

    private func head(_ x: Double, _ y: Double, _ degrees: Int) -> Markup {
        "<path d=\"M0 0L-7 -3.5L-7 3.5Z\" transform=\"translate(\(x) \(y)) rotate(\(degrees))\" class=\"head\"/>"
    }

    private func box(_ stage: StoryStage, lane: String, x: Double, y: Double) -> Markup {
        let state = Self.state(stage)
        let took = stage.seconds.map(Quantities.duration) ?? Numerals.absent
        let tip = "\(stage.name) (\(stage.kind)): \(state.word), \(took)"
        var shapes = Ink2D.rectangle(
            x: x, y: y, width: Self.box.width, height: Self.box.height, role: "stage \(state.role)", radius: 5)
        // The name of its part stands above the lane.
        let isInLane = !lane.isEmpty && stage.name.hasPrefix(lane + ".")
        let name = isInLane ? String(stage.name.dropFirst(lane.count + 1)) : stage.name
        shapes += Ink2D.text(name, x: x + 7, y: y + 16, role: "strong", columns: 14)
        let room = Self.box.width - 18 - Double(took.count) * 6.5
        shapes += Ink2D.text(stage.kind, x: x + 7, y: y + 31, role: "note", columns: Int(room / 6.4))
        shapes += Ink2D.text(took, x: x + Self.box.width - 7, y: y + 31, anchor: .end, role: "note")
        shapes += Ink2D.text(
            state.sign, x: x + Self.box.width - 5, y: y + 16, anchor: .end, role: "sign \(state.role)")
        return Ink2D.tipped(tip, shapes)
    }

    /// How a stage ended: in a word, by a sign, and for the style sheet.
    static func state(_ stage: StoryStage) -> (word: String, sign: String, role: String) {
        switch stage.outcome {
        case "cached": ("reused", "↺", "reused")
        case "ran": ("ran", "●", "ran")
        case "failed": ("failed", "✕", "failed")
        default: (stage.outcome, "–", "absent")
        }
    }
}
