/// A value of a pipeline file, with its place. Scalars are text: their type comes from who reads them.
struct PlanNode: Sendable {
    enum Content: Sendable {
        case scalar(Scalar)
        case list([PlanNode])
        case table([Entry])
    }

    struct Scalar: Sendable {
        var text: String
        /// Written without quotes, so that `null` and `~` mean that there is no value.
        var isPlain: Bool
        /// What names of stages get put before them where this text was written: `m3.` inside a part that is
        /// included as `m3`.
        var prefix = ""
    }

    struct Entry: Sendable {
        var key: String
        var keyLocation: SourceLocation
        var value: PlanNode
    }

    var content: Content
    var location: SourceLocation

    /// A plain scalar that says that there is no value.
    var isNull: Bool {
        guard case .scalar(let scalar) = content else { return false }
        return scalar.isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.text)
    }

    /// In the words of an error message.
    var typeName: String {
        switch content {
        case .scalar where isNull: "empty"
        case .scalar(let scalar): "'\(scalar.text.prefix(40))'"
        case .list: "a list"
        case .table: "a table"
        }
    }

    /// Applies `transform` to every scalar, which it may replace by any node.
    func replacingScalars(_ transform: (Scalar, SourceLocation) throws -> PlanNode) rethrows -> PlanNode {
        switch content {
        case .scalar(let scalar):
            return try transform(scalar, location)
        case .list(let elements):
            let replaced = try elements.map { try $0.replacingScalars(transform) }
            return PlanNode(content: .list(replaced), location: location)
        case .table(let entries):
            let replaced = try entries.map {
                Entry(
                    key: $0.key, keyLocation: $0.keyLocation, value: try $0.value.replacingScalars(transform))
            }
            return PlanNode(content: .table(replaced), location: location)
        }
    }

    /// This node with `other` laid over it: tables are joined key by key, anything else is replaced.
    func overlaid(with other: PlanNode) -> PlanNode {
        guard case .table(var entries) = content, case .table(let changes) = other.content else { return other }
        for change in changes {
            if let position = entries.firstIndex(where: { $0.key == change.key }) {
                entries[position].value = entries[position].value.overlaid(with: change.value)
                entries[position].keyLocation = change.keyLocation
            } else {
                entries.append(change)
            }
        }
        return PlanNode(content: .table(entries), location: location)
    }

    /// A file's table without its `x-` keys, which hold what only anchors use.
    var withoutHiddenEntries: PlanNode {
        guard case .table(let entries) = content else { return self }
        return PlanNode(content: .table(entries.filter { !$0.key.hasPrefix("x-") }), location: location)
    }

    static func emptyTable(at location: SourceLocation) -> PlanNode {
        PlanNode(content: .table([]), location: location)
    }
}
