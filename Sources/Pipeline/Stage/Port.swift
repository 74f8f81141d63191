/// A named opening of a stage through which one artifact (or several) flows in or out.
public struct Port: Hashable, Sendable {
    /// The word pipeline files use: `judgements`.
    public let name: String
    /// The schema of the rows, `candidate/1`, or `blob` for raw bytes.
    public let schema: String
    /// Other schemas an input takes as well, such as a folder where a file is usual.
    public let alternatives: [String]
    /// An input that may stay unconnected, or an output that a run may leave out.
    public let isOptional: Bool
    /// An input that takes a list; the artifacts keep the order of the list.
    public let acceptsMany: Bool

    public init(
        _ name: String, schema: String, alternatives: [String] = [], isOptional: Bool = false,
        acceptsMany: Bool = false
    ) {
        self.name = name
        self.schema = schema
        self.alternatives = alternatives
        self.isOptional = isOptional
        self.acceptsMany = acceptsMany
    }

    /// Whether an artifact of `schema` may flow through this port.
    public func accepts(schema other: String) -> Bool {
        schema == other || alternatives.contains(other)
    }
}
