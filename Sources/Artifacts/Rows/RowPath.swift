/// The way to a value within a row: `score`, `metrics.loss`, `responses.id`.
///
/// A part names a member of an object. In an array it is followed into every element, unless it is the position of one.
/// So one path may lead to several values, or to none.
public struct RowPath: Sendable, Hashable, CustomStringConvertible {
    public let parts: [String]

    public init(parts: [String]) { self.parts = parts }

    /// - Parameter text: member names with dots between them.
    public init(_ text: String) { parts = text.split(separator: ".").map(String.init) }

    public var description: String { parts.joined(separator: ".") }

    /// Every value that the path leads to in `row`, in the order of the row.
    public func values(in row: JSONValue) -> [JSONValue] { Self.values(in: row, parts[...]) }

    private static func values(in value: JSONValue, _ rest: ArraySlice<String>) -> [JSONValue] {
        guard let part = rest.first else { return [value] }
        switch value {
        case .object(let members):
            return members[part].map { values(in: $0, rest.dropFirst()) } ?? []
        case .array(let elements):
            if let position = Int(part) {
                return elements.indices.contains(position) ? values(in: elements[position], rest.dropFirst()) : []
            }
            return elements.flatMap { values(in: $0, rest) }
        default:
            return []
        }
    }

    /// Every text that the path leads to; those of an array at its end too.
    public func texts(in row: JSONValue) -> [String] {
        values(in: row).flatMap { $0.arrayValue ?? [$0] }.compactMap(\.stringValue)
    }
}
