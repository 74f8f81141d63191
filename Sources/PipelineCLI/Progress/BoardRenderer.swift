internal import Pipeline

/// Draws a `RunBoard` as lines of text: a pure function of the board, the time and the size of the screen.
struct BoardRenderer {
    var terminal: Terminal

    /// A line for each stage, at most `rows` of them and none wider than `columns`.
    ///
    /// Where the screen is too low for all stages, those that are over are summed up first, then those still waiting.
    func lines(_ board: RunBoard, now: Double, columns: Int, rows: Int) -> [String] {
        let room = max(4, rows - 2)
        let nameWidth = min(28, board.rows.map { DisplayText.width($0.stage) }.max() ?? 0)
        var lines: [String] = []
        var shown = board.rows
        if shown.count > room {
            let over = shown.filter { $0.state.isOver && $0.state != .failed }
            shown.removeAll { $0.state.isOver && $0.state != .failed }
            if !over.isEmpty { lines.append(ink(.faint, "  … \(Quantities.count(over.count, "stage")) done")) }
        }
        let space = room - lines.count
        let hidden = shown.count - space
        for row in shown.prefix(hidden > 0 ? space - 1 : space) {
            lines.append(line(row, now: now, nameWidth: nameWidth, columns: columns))
        }
        if hidden > 0 { lines.append(ink(.faint, "  … \(Quantities.count(hidden + 1, "stage")) more")) }
        lines.append(footer(board, now: now, columns: columns))
        return lines
    }

    private func line(_ row: RunBoard.Row, now: Double, nameWidth: Int, columns: Int) -> String {
        let name = DisplayText.pad(DisplayText.clip(row.stage, to: nameWidth), to: nameWidth)
        let head = "\(symbol(row.state)) \(name)  "
        let room = columns - 4 - nameWidth
        return ink(color(row.state), head) + detail(row, now: now, room: room)
    }

    private func detail(_ row: RunBoard.Row, now: Double, room: Int) -> String {
        switch row.state {
        case .waiting: ink(.faint, DisplayText.clip(row.reason ?? "waiting", to: room))
        case .waitingForOther: DisplayText.clip("another run computes it", to: room)
        case .cached: ink(.faint, DisplayText.clip("cached", to: room))
        case .ran: DisplayText.clip(done(row), to: room)
        case .failed: ink(.red, DisplayText.clip("failed", to: room))
        case .skipped(let cause): DisplayText.clip("skipped: '\(cause)' failed", to: room)
        case .interrupted: DisplayText.clip("interrupted, resumable", to: room)
        case .running: running(row, now: now, room: room)
        }
    }

    private func done(_ row: RunBoard.Row) -> String {
        let reason = row.reason.map { " · \($0)" } ?? ""
        return "ran \(Quantities.duration(row.seconds))\(reason)"
    }

    private func running(_ row: RunBoard.Row, now: Double, room: Int) -> String {
        let elapsed = row.startedAt.map { now - $0 } ?? 0
        guard let progress = row.progress else {
            return DisplayText.clip(parts([Quantities.duration(elapsed), row.reason]), to: room)
        }
        var counted = "\(progress.done) \(progress.unit)"
        var left: String?
        if let total = progress.total {
            counted = "\(progress.done)/\(total) \(progress.unit)"
            left = row.pace.perSecond.map { Quantities.duration(Double(total - progress.done) / $0) + " left" }
        }
        let rate = row.pace.perSecond.map(Quantities.rate)
        let text = parts([counted, rate, left ?? Quantities.duration(elapsed), progress.note, row.reason])
        let barWidth = 16
        guard let total = progress.total, total > 0, room > barWidth + 24 else {
            return DisplayText.clip(text, to: room)
        }
        let share = min(1, max(0, Double(progress.done) / Double(total)))
        return bar(share, width: barWidth) + " " + DisplayText.clip(text, to: room - barWidth - 1)
    }

    private func bar(_ share: Double, width: Int) -> String {
        let full = Int((share * Double(width)).rounded(.down))
        let (on, off) = terminal.usesUnicode ? ("━", "─") : ("#", "-")
        return ink(.cyan, String(repeating: on, count: full))
            + ink(.faint, String(repeating: off, count: width - full))
    }

    private func footer(_ board: RunBoard, now: Double, columns: Int) -> String {
        let over = board.rows.filter(\.state.isOver).count
        var text = "\(over) of \(Quantities.count(board.rows.count, "stage"))"
        text += " · \(Quantities.duration(now - board.startedAt))"
        if board.isDraining { text += " · stopping in good order; once more Ctrl-C stops at once" }
        return ink(.bold, DisplayText.clip(text, to: columns))
    }

    private func parts(_ texts: [String?]) -> String { texts.compactMap { $0 }.joined(separator: " · ") }

    private func symbol(_ state: RunBoard.State) -> String {
        let unicode = terminal.usesUnicode
        return switch state {
        case .waiting: unicode ? "·" : "."
        case .waitingForOther: unicode ? "⋯" : ":"
        case .running: unicode ? "▸" : ">"
        case .cached: unicode ? "✓" : "="
        case .ran: unicode ? "✓" : "+"
        case .failed: unicode ? "✗" : "x"
        case .skipped, .interrupted: "-"
        }
    }

    private func color(_ state: RunBoard.State) -> Ink {
        switch state {
        case .waiting, .waitingForOther, .cached: .faint
        case .running: .bold
        case .ran: .green
        case .failed: .red
        case .skipped, .interrupted: .yellow
        }
    }

    private func ink(_ ink: Ink, _ text: String) -> String { ink.paint(text, on: terminal) }
}
