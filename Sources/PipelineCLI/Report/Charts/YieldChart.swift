/// What was written for one training, narrowing step by step to the pairs: the width is the share of the first step that
/// is left, and what is left behind goes off to the side.
struct YieldChart {
    var yield: PairYield

    private static let width = 360.0
    private static let full = 168.0
    private static let stepHeight = 74.0
    private static let left = 10.0

    var drawing: Drawing {
        var body: Markup = ""
        var share = 1.0, y = 6.0
        for (place, step) in yield.steps.enumerated() {
            // Of a step that nothing entered, nothing is left.
            let kept = step.entered > 0 ? min(1, Double(step.kept) / Double(step.entered)) : 0
            body += band(step, share: share, kept: kept, y: y)
            share *= kept
            y += Self.stepHeight
            if place == yield.steps.count - 1 { body += outcome(step, share: share, y: y) }
        }
        return Drawing(width: Self.width, height: y + 34, body: body)
    }

    /// One step: the bar of what entered, and below it the ways of what went on and of what did not.
    private func band(_ step: PairYield.Step, share: Double, kept: Double, y: Double) -> Markup {
        let wide = max(2, Self.full * share), narrow = max(1.5, wide * kept)
        let left = Self.left, bar = 22.0, end = y + Self.stepHeight
        var shapes: Markup =
            """
            <path d="M\(left) \(y + bar)L\(left + narrow) \(y + bar)L\(left + narrow) \(end)L\(left) \
            \(end)Z" class="flow"/>
            """
        if kept < 1, step.entered > 0 {
            let lost = left + wide
            shapes +=
                """
                <path d="M\(left + narrow) \(y + bar)L\(lost) \(y + bar)C\(lost) \(y + 40) \
                \(left + narrow + 6) \(y + 42) \(left + narrow + 6) \(y + 56)L\(left + narrow) \(y + 56)Z" \
                class="loss"/>
                """
        }
        shapes += Ink2D.rectangle(x: left, y: y, width: wide, height: bar, role: "stock", radius: 2)
        let tip = "\(step.name): \(Numerals.count(step.entered)), \(Numerals.count(step.kept)) \(step.unit) kept"
        let column = left + Self.full + 12
        var words = Ink2D.text("\(Numerals.count(step.entered)) \(step.name)", x: column, y: y + 12, role: "strong")
        if let note = step.note { words += Ink2D.text(note, x: column, y: y + 25, role: "note") }
        for (number, loss) in shownLosses(step).enumerated() {
            words += Ink2D.text(
                loss, x: column, y: y + (step.note == nil ? 27 : 39) + Double(number) * 13, role: "note", columns: 28)
        }
        return Ink2D.tipped(tip, shapes) + words
    }

    /// The commonest reasons, and the rest as one.
    private func shownLosses(_ step: PairYield.Step) -> [String] {
        let most = step.note == nil ? 3 : 2
        let isAll = step.dropped.count <= most
        let named = step.dropped.prefix(isAll ? most : most - 1)
        let rest = step.dropped.dropFirst(named.count).reduce(0) { $0 + $1.count }
        return named.map { "− \(Numerals.count($0.count)) \($0.reason)" }
            + (rest > 0 ? ["− \(Numerals.count(rest)) for other reasons"] : [])
    }

    private func outcome(_ step: PairYield.Step, share: Double, y: Double) -> Markup {
        let wide = max(2, Self.full * share)
        return Ink2D.rectangle(x: Self.left, y: y, width: wide, height: 22, role: "stock last", radius: 2)
            + Ink2D.text(
                "\(Numerals.count(step.kept)) \(step.unit)", x: Self.left + Self.full + 12, y: y + 15, role: "strong")
    }
}
