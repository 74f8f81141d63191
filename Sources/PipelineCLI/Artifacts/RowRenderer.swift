internal import Artifacts

/// Sets a row for reading: a line or more for each field, long texts wrapped beside their name.
struct RowRenderer {
    var columns: Int
    private static let widestName = 18

    init(columns: Int) { self.columns = max(40, columns) }

    /// - Parameter number: counted from 1.
    func lines(_ row: JSONValue, number: Int) -> [String] {
        guard let members = row.objectValue else { return ["row \(number)"] + block(row, indent: 2) }
        let id = members["id"]?.stringValue.map { " · \(DisplayText.harmless($0))" } ?? ""
        return ["row \(number)\(id)"] + fields(members, without: "id", indent: 2)
    }

    private func fields(_ members: [String: JSONValue], without hidden: String? = nil, indent: Int) -> [String] {
        let names = members.keys.filter { $0 != hidden }.sorted()
        let width = min(Self.widestName, names.map(DisplayText.width).max() ?? 0)
        return names.flatMap { name -> [String] in
            let head = String(repeating: " ", count: indent) + DisplayText.pad(DisplayText.harmless(name), to: width)
            let value = members[name] ?? .null
            let body = block(value, indent: indent + width + 2)
            guard let first = body.first else { return [head] }
            if DisplayText.width(name) > width { return [head] + body }
            return [head + first.dropFirst(indent + width)] + body.dropFirst()
        }
    }

    /// The lines of a value, each indented.
    private func block(_ value: JSONValue, indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        switch value {
        case .string(let text):
            let wrapped = DisplayText.wrap(DisplayText.harmless(text), to: columns - indent)
            return wrapped.map { margin + $0 }
        case .array(let elements) where elements.contains { $0.objectValue != nil }:
            return elements.enumerated().flatMap { index, element -> [String] in
                guard let members = element.objectValue else { return block(element, indent: indent) }
                var lines = fields(members, indent: indent + 2)
                if !lines.isEmpty { lines[0] = margin + "- " + lines[0].dropFirst(indent + 2) }
                return lines
            }
        case .object(let members) where !members.isEmpty:
            return fields(members, indent: indent)
        default:
            let text = (try? CanonicalJSON.text(value)) ?? value.typeName
            return DisplayText.wrap(DisplayText.harmless(text), to: columns - indent).map { margin + $0 }
        }
    }
}
