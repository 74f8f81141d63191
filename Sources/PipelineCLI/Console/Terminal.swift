internal import Foundation

/// What the screen behind a file can do.
struct Terminal: Sendable {
    private let descriptor: Int32
    /// The file is a screen whose lines can be drawn again.
    let isInteractive: Bool
    let usesColor: Bool
    /// Symbols beyond ASCII can be shown.
    let usesUnicode: Bool

    static let standardError = Terminal(descriptor: STDERR_FILENO)
    static let standardOutput = Terminal(descriptor: STDOUT_FILENO)

    init(descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.descriptor = descriptor
        isInteractive = isatty(descriptor) == 1 && !["", "dumb"].contains(environment["TERM"] ?? "")
        // https://no-color.org: set and not empty, whatever its value.
        usesColor = isInteractive && (environment["NO_COLOR"] ?? "").isEmpty
        let locale = [environment["LC_ALL"], environment["LC_CTYPE"], environment["LANG"]]
            .compactMap { $0 }.first { !$0.isEmpty }
        usesUnicode = locale.map { $0 != "C" && $0 != "POSIX" } ?? true
    }

    /// Columns and rows, asked anew each time since windows are resized.
    var size: (columns: Int, rows: Int) {
        var window = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0 {
            return (Int(window.ws_col), Int(window.ws_row))
        }
        let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 80
        return (max(20, columns), 24)
    }
}

/// Colours and weights for words on a screen that has them.
enum Ink: String, Sendable {
    case plain = ""
    case bold = "1"
    case faint = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"

    func paint(_ text: String, on terminal: Terminal) -> String {
        guard terminal.usesColor, self != .plain else { return text }
        return "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
    }
}
