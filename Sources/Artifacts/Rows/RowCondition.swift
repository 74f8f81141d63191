/// A question that a row answers with yes or no: `score >= 4 and not (text ~ "sorry")`.
///
/// Values of unlike types are never equal, unequal, less or greater: such a comparison is false. Only with `null` may
/// anything be compared; what is absent counts as null. Where a path leads to several values, one that fits is enough.
public indirect enum RowCondition: Sendable, Equatable {
    case comparison(Operand, Relation, Operand)
    case and(RowCondition, RowCondition)
    case or(RowCondition, RowCondition)
    case not(RowCondition)

    public enum Operand: Sendable, Equatable {
        case path(RowPath)
        case value(JSONValue)
    }

    public enum Relation: String, Sendable, CaseIterable {
        case equal = "=="
        case unequal = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        /// The left text has the right one in it.
        case contains = "~"
    }

    /// Reads a condition.
    /// - Throws: `ArtifactError.malformedCondition`, with the place.
    public init(_ text: String) throws {
        var parser = try RowConditionParser(text)
        self = try parser.parse()
    }

    public func holds(for row: JSONValue) -> Bool {
        switch self {
        case .and(let left, let right): return left.holds(for: row) && right.holds(for: row)
        case .or(let left, let right): return left.holds(for: row) || right.holds(for: row)
        case .not(let condition): return !condition.holds(for: row)
        case .comparison(let left, let relation, let right):
            let others = right.values(in: row)
            return left.values(in: row).contains { value in others.contains { relation.holds(value, $0) } }
        }
    }
}

extension RowCondition.Operand {
    /// The values it stands for in `row`; those of an array one by one, and null where there is none.
    fileprivate func values(in row: JSONValue) -> [JSONValue] {
        switch self {
        case .value(let value): return [value]
        case .path(let path):
            let values = path.values(in: row).flatMap { $0.arrayValue ?? [$0] }
            return values.isEmpty ? [.null] : values
        }
    }
}

extension RowCondition.Relation {
    fileprivate func holds(_ left: JSONValue, _ right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): return self == .equal
        case (.null, _), (_, .null): return self == .unequal
        case (.bool(let left), .bool(let right)):
            return self == .equal && left == right || self == .unequal && left != right
        case (.integer(let left), .integer(let right)): return holds(left, right)
        case (.integer, .number), (.number, .integer), (.number, .number):
            guard let left = left.doubleValue, let right = right.doubleValue else { return false }
            return holds(left, right)
        case (.string(let left), .string(let right)):
            if self == .contains { return left.contains(right) }
            return holds(CodePoints(text: left), CodePoints(text: right))
        default: return false
        }
    }

    private func holds<T: Comparable>(_ left: T, _ right: T) -> Bool {
        switch self {
        case .equal: left == right
        case .unequal: left != right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        case .contains: false
        }
    }
}

/// A text in the order of its code points, which is that of its bytes.
private struct CodePoints: Comparable {
    var text: String

    static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }
    static func < (left: Self, right: Self) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }
}
