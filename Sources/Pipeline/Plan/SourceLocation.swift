/// A place in a pipeline file, with the line itself, for error messages.
public struct SourceLocation: Sendable, Hashable {
    /// The file as the user would name it.
    public var file: String
    /// Counts from 1.
    public var line: Int
    /// Counts from 1, in Unicode scalars.
    public var column: Int
    /// The text of the line, without its end.
    public var text: String
    /// How many scalars to underline, at least 1.
    public var length: Int

    public init(file: String, line: Int, column: Int, text: String, length: Int = 1) {
        self.file = file
        self.line = line
        self.column = column
        self.text = text
        self.length = max(1, length)
    }

    /// The line with a marker under the place:
    ///
    ///       41 |     margn: 0.1
    ///          |     ^~~~~
    public var excerpt: String {
        let number = String(line)
        let gutter = String(repeating: " ", count: number.count)
        // Tabs are kept, so that the marker stands under the same column however wide a tab is shown.
        let indent = String(
            text.unicodeScalars.prefix(column - 1).map { $0 == "\t" ? "\t" : " " as Character })
        let room = max(1, text.unicodeScalars.count - (column - 1))
        let marker = "^" + String(repeating: "~", count: min(length, room) - 1)
        return "  \(number) | \(text)\n  \(gutter) | \(indent)\(marker)"
    }
}

extension SourceLocation: CustomStringConvertible {
    public var description: String { "\(file):\(line):\(column)" }
}
