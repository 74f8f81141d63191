public import Artifacts

/// A text's place on the map of the data distribution (paper A.1).
public struct TextPoint: Record, Equatable {
    public static let schema = RecordSchema("text-point", version: 1)

    enum CodingKeys: String, CodingKey { case id, rowID = "row_id", group, x, y, text }

    public let id: String
    /// The row whose text it is: an example, a prompt, a candidate, or one reply of a ranking.
    public let rowID: String
    /// What the pipeline file calls the data that it belongs to: `ift`.
    public let group: String
    /// Only distances mean anything, and with t-SNE only which are short.
    public let x: Double
    public let y: Double
    /// How the text begins, its white space folded.
    public let text: String

    /// How many scalars of a text are kept.
    private static let excerptLength = 240

    package init(_ text: MappedText, x: Double, y: Double) {
        id = RecordID.derive(Self.schema.name, [.string(text.row), .string(text.group), .string(text.text)])
        rowID = text.row
        group = text.group
        self.x = x
        self.y = y
        self.text = Self.excerpt(text.text)
    }

    private static func excerpt(_ text: String) -> String {
        // By scalars: a single character may be of any length.
        let beginning = text.unicodeScalars.prefix(excerptLength)
        let isCut = beginning.endIndex < text.unicodeScalars.endIndex
        let folded = String(beginning).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return isCut ? folded + "…" : folded
    }
}
