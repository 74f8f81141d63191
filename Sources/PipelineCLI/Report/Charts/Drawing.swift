/// Vector graphics with a size, in the units of a narrow phone's pixels: a drawing is never shown larger than a little
/// over its size, so that its text can be read there.
struct Drawing: Sendable {
    var width: Double
    var height: Double
    var body: Markup
}

/// The kinds of words and lines in drawings. How they look is the style sheet's matter; their colours follow the scheme.
enum Ink2D {
    /// Words at a point. What does not fit into `columns` characters is cut.
    static func text(
        _ words: String, x: Double, y: Double, anchor: Anchor = .start, role: String = "label", columns: Int = 200
    ) -> Markup {
        let words = DisplayText.clip(words.replacing("\n", with: " "), to: columns)
        return "<text x=\"\(x)\" y=\"\(y)\" class=\"\(role) \(anchor.rawValue)\">\(words)</text>"
    }

    enum Anchor: String { case start, middle, end }

    static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, role: String) -> Markup {
        "<line x1=\"\(x1)\" y1=\"\(y1)\" x2=\"\(x2)\" y2=\"\(y2)\" class=\"\(role)\"/>"
    }

    static func rectangle(x: Double, y: Double, width: Double, height: Double, role: String, radius: Double = 0)
        -> Markup
    {
        """
        <rect x="\(x)" y="\(y)" width="\(max(0, width))" height="\(max(0, height))" rx="\(radius)" \
        class="\(role)"/>
        """
    }

    /// A mark of a series: told by its form as well as by its colour.
    static func mark(_ series: Int, x: Double, y: Double, size: Double = 4.5, role: String = "mark") -> Markup {
        let role = "\(role) s\(series % Palette.count)"
        switch series % 4 {
        case 0: return "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"\(size)\" class=\"\(role)\"/>"
        case 1:
            return rectangle(
                x: x - size * 0.9, y: y - size * 0.9, width: size * 1.8, height: size * 1.8, role: role)
        case 2:
            return
                """
                <path d="M\(x) \(y - size * 1.2)L\(x + size * 1.15) \(y + size * 0.9)L\(x - size * 1.15) \
                \(y + size * 0.9)Z" class="\(role)"/>
                """
        default:
            return
                """
                <path d="M\(x) \(y - size * 1.3)L\(x + size * 1.3) \(y)L\(x) \
                \(y + size * 1.3)L\(x - size * 1.3) \(y)Z" class="\(role)"/>
                """
        }
    }

    /// Shapes that show `tip` when they are pointed at, or stepped to in a drawing that has the focus.
    static func tipped(_ tip: String, _ shapes: Markup) -> Markup {
        "<g class=\"tip\"><title>\(tip)</title>\(shapes)</g>"
    }
}

/// Colours are the style sheet's `--s0` and so on: Okabe and Ito's, made darker or lighter for the scheme.
enum Palette {
    static let count = 7
}

/// The frame of a chart with a vertical axis of values: where things go, and the lines behind them.
struct ChartFrame {
    var width = 360.0
    var height = 220.0
    var left = 44.0
    var right = 14.0
    var top = 14.0
    var bottom = 36.0

    var plotLeft: Double { left }
    var plotRight: Double { width - right }
    var plotTop: Double { top }
    var plotBottom: Double { height - bottom }
    var plotWidth: Double { plotRight - plotLeft }

    /// Moves the plot to the right where the labels of `scale` are wider than the margin.
    mutating func makeRoom(for scale: LinearScale) {
        let widest = scale.ticks.map { DisplayText.width(scale.label($0)) }.max() ?? 0
        left = max(left, 12 + Double(widest) * 5.9)
    }

    /// Marks, their labels and faint lines for `scale`, which goes from the bottom to the top.
    /// - Parameter unit: stands behind each label.
    func valueAxis(_ scale: LinearScale, unit: String = "") -> Markup {
        Markup(
            scale.ticks.map { tick in
                let y = scale.position(tick)
                return "\(Ink2D.line(plotLeft, y, plotRight, y, role: tick == 0 ? "zero" : "grid"))"
                    + "\(Ink2D.text(scale.label(tick) + unit, x: plotLeft - 6, y: y + 3.5, anchor: .end, role: "tick"))"
            })
    }

    /// A line across at a value with a meaning, and the meaning.
    func reference(_ value: Double, _ words: String, on scale: LinearScale) -> Markup {
        guard value >= scale.lower, value <= scale.upper else { return "" }
        let y = scale.position(value)
        let text = Ink2D.text(words, x: plotRight, y: y - 4, anchor: .end, role: "note")
        return "\(Ink2D.line(plotLeft, y, plotRight, y, role: "reference"))\(text)"
    }
}

extension Markup {
    static func + (first: Markup, second: Markup) -> Markup { Markup([first, second]) }
}
