/// Watches, while a condition is asked of rows, whether these have what it speaks of.
///
/// A misspelt field and a number compared with a text are no errors of the condition: they just fit no row. Whoever
/// wrote it wants to know.
public struct ConditionCheck: Sendable {
    public enum Problem: Sendable, Equatable {
        /// No row has the field. One that is only compared with null is asked whether it is there.
        case absent(RowPath, isAskedFor: Bool)
        /// The two sides hold nothing that the relation could compare; what they are, in alphabetical order.
        case unlike(
            left: RowCondition.Operand, [String], RowCondition.Relation, right: RowCondition.Operand, [String])
    }

    /// Fields are gathered from this many rows, for hints to them.
    private static let gathered = 1000

    private var comparisons: [Comparison]
    /// How many rows were seen.
    public private(set) var rows = 0
    /// The fields that the rows have, as paths without positions; gathered only while one is missing.
    public private(set) var fields: Set<String> = []

    public init(_ condition: RowCondition) { comparisons = Self.comparisons(in: condition) }

    private static func comparisons(in condition: RowCondition) -> [Comparison] {
        switch condition {
        case .comparison(let left, let relation, let right): [Comparison(Side(left), relation, Side(right))]
        case .and(let left, let right), .or(let left, let right): comparisons(in: left) + comparisons(in: right)
        case .not(let condition): comparisons(in: condition)
        }
    }

    public mutating func see(_ row: JSONValue) {
        rows += 1
        for place in comparisons.indices where !comparisons[place].isSettled { comparisons[place].see(row) }
        if rows <= Self.gathered, comparisons.contains(where: \.lacksField) { gather(row, at: "") }
    }

    private mutating func gather(_ value: JSONValue, at path: String) {
        if !path.isEmpty { fields.insert(path) }
        switch value {
        case .object(let members):
            for (name, member) in members { gather(member, at: path.isEmpty ? name : "\(path).\(name)") }
        case .array(let elements):
            for element in elements where element.objectValue != nil { gather(element, at: path) }
        default: break
        }
    }

    /// What is wrong, judged by the rows seen; in the order of the condition, and nothing where there were none.
    public var problems: [Problem] { rows == 0 ? [] : comparisons.flatMap(\.problems) }

    // MARK: One comparison

    private struct Side {
        let operand: RowCondition.Operand
        var isPresent = false
        /// What its values are, null left out.
        var kinds: Set<String> = []

        init(_ operand: RowCondition.Operand) { self.operand = operand }

        var path: RowPath? { if case .path(let path) = operand { path } else { nil } }
        var isNull: Bool { operand == .value(.null) }

        mutating func see(_ row: JSONValue) {
            let values: [JSONValue]
            switch operand {
            case .value(let value): values = [value]
            case .path(let path): values = path.values(in: row)
            }
            if values.isEmpty { return }
            isPresent = true
            for value in values.flatMap({ $0.arrayValue ?? [$0] }) { kinds.formUnion(Self.kind(value)) }
        }

        private static func kind(_ value: JSONValue) -> Set<String> {
            switch value {
            case .null: []
            case .integer, .number: [ConditionCheck.number]
            case .string: [ConditionCheck.text]
            case .bool: ["a boolean"]
            case .array, .object: [value.typeName]
            }
        }
    }

    private static let number = "a number"
    private static let text = "a text"

    private struct Comparison {
        var left: Side
        let relation: RowCondition.Relation
        var right: Side

        init(_ left: Side, _ relation: RowCondition.Relation, _ right: Side) {
            (self.left, self.relation, self.right) = (left, relation, right)
        }

        var lacksField: Bool { !left.isPresent || !right.isPresent }
        private var asksWhetherThere: Bool { left.isNull || right.isNull }
        private var canHold: Bool { asksWhetherThere || !left.kinds.isDisjoint(with: comparable(right.kinds)) }
        var isSettled: Bool { !lacksField && canHold }

        private func comparable(_ kinds: Set<String>) -> Set<String> {
            switch relation {
            case .equal, .unequal: kinds.subtracting(["an array", "an object"])
            case .less, .lessOrEqual, .greater, .greaterOrEqual: kinds.intersection([number, text])
            case .contains: kinds.intersection([text])
            }
        }

        mutating func see(_ row: JSONValue) {
            left.see(row)
            right.see(row)
        }

        var problems: [Problem] {
            let absent = [left, right].filter { !$0.isPresent }.compactMap(\.path)
            if !absent.isEmpty { return absent.map { .absent($0, isAskedFor: asksWhetherThere) } }
            // Nothing but null tells nothing of what else there could be.
            if canHold || left.kinds.isEmpty || right.kinds.isEmpty { return [] }
            return [
                .unlike(left: left.operand, left.kinds.sorted(), relation, right: right.operand, right.kinds.sorted())
            ]
        }
    }
}

extension RowCondition.Operand: CustomStringConvertible {
    /// As a condition writes it: a field bare, a text in quotes.
    public var description: String {
        switch self {
        case .path(let path): path.description
        case .value(let value): (try? CanonicalJSON.text(value)) ?? value.typeName
        }
    }
}
