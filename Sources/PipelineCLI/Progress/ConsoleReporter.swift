internal import Dispatch
internal import Foundation
internal import Pipeline
internal import Synchronization

/// Shows a run while it goes on: a live view on a terminal, one line a state change elsewhere.
final class ConsoleReporter: Sendable {
    private struct View {
        var board: RunBoard
        var lines: LineReporter
        /// How many lines of the live view stand above the cursor.
        var drawn = 0
        var isOpen = true
    }

    private let view: Mutex<View>
    private let terminal: Terminal
    private let isLive: Bool
    /// Draws again and again while the run goes on.
    private let ticker = Mutex<Task<Void, Never>?>(nil)
    /// Fast enough to look alive, slow enough to cost nothing.
    private static let drawInterval = Duration.milliseconds(200)

    /// - Parameter rows: the stages, in the order of the plan.
    init(rows: [RunBoard.Row], verbosity: Verbosity, terminal: Terminal = .standardError) {
        self.terminal = terminal
        isLive = terminal.isInteractive && verbosity == .normal
        view = Mutex(
            View(board: RunBoard(rows: rows, now: Self.now()), lines: LineReporter(verbosity: verbosity)))
        guard isLive else { return }
        let task = Task.detached { [weak self] in
            while !Task.isCancelled {
                self?.draw()
                try? await Task.sleep(for: Self.drawInterval)
            }
        }
        ticker.withLock { $0 = task }
    }

    deinit { ticker.withLock { $0?.cancel() } }

    /// Takes in an event, from any thread.
    func observe(_ event: RunEvent) {
        let now = Self.now()
        view.withLock { view in
            view.board.apply(event, now: now)
            if isLive {
                if let text = Self.lasting(event) { say(text, &view) }
            } else if let line = view.lines.line(event, board: view.board, now: now) {
                Console.note(DisplayText.harmless(line))
            }
        }
    }

    /// The user asked the run to stop.
    func drain() {
        view.withLock { view in
            view.board.isDraining = true
            if isLive {
                draw(&view)
            } else {
                Console.note("stopping in good order; a second signal stops at once")
            }
        }
    }

    /// Draws for the last time and leaves the cursor below.
    func close() {
        ticker.withLock { $0?.cancel() }
        view.withLock { view in
            guard isLive, view.isOpen else { return }
            draw(&view)
            view.isOpen = false
        }
    }

    /// What stays on the screen above the live view.
    private static func lasting(_ event: RunEvent) -> String? {
        switch event {
        case .warning(let stage, let text):
            "warning: " + (stage.map { "stage '\($0)': " } ?? "") + text
        case .stageFailed(let stage, let message, let retries):
            "\(stage): failed: \(message)" + (retries > 0 ? " (\(retries) more attempts)" : "")
        default: nil
        }
    }

    private func draw() {
        view.withLock { view in
            guard view.isOpen else { return }
            draw(&view)
        }
    }

    /// Writes `text` above the view, which moves down.
    private func say(_ text: String, _ view: inout View) {
        Self.write(Self.erase(view.drawn) + DisplayText.harmless(text) + "\n")
        view.drawn = 0
        draw(&view)
    }

    private func draw(_ view: inout View) {
        let size = terminal.size
        // The last column stays free: writing into it makes some terminals wrap.
        let lines = BoardRenderer(terminal: terminal)
            .lines(view.board, now: Self.now(), columns: size.columns - 1, rows: size.rows)
        Self.write(Self.erase(view.drawn) + lines.map { $0 + "\n" }.joined())
        view.drawn = lines.count
    }

    /// Back to the first of the `count` lines above, and everything from there on cleared.
    private static func erase(_ count: Int) -> String { count > 0 ? "\u{1B}[\(count)F\u{1B}[J" : "" }

    private static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    private static func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
}
