/// What the rows of an artifact have in each of their members, gathered row by row.
///
/// A value within arrays counts under the path without positions: `verdicts.score` has as many values as there are
/// verdicts.
public struct RowStatistics: Sendable {
    /// How many rows were added.
    public private(set) var rows = 0
    private var gathered: [String: FieldStatistics] = [:]

    public init() {}

    public mutating func add(_ row: JSONValue) {
        rows += 1
        add(row, at: "")
    }

    /// Every path that a row had, by name.
    public var fields: [FieldStatistics] {
        gathered.keys.sorted().compactMap { path in
            guard var field = gathered[path] else { return nil }
            field.missing = rows - field.rows
            return field
        }
    }

    private mutating func add(_ value: JSONValue, at path: String) {
        switch value {
        case .object(let members) where !members.isEmpty || path.isEmpty:
            for (name, member) in members { add(member, at: path.isEmpty ? name : "\(path).\(name)") }
        case .array(let elements):
            if elements.isEmpty { gathered[path, default: FieldStatistics(path: path)].note(row: rows) }
            for element in elements { add(element, at: path) }
        default:
            gathered[path, default: FieldStatistics(path: path)].note(row: rows)
            gathered[path]?.add(value)
        }
    }
}

/// The values at one path.
public struct FieldStatistics: Sendable {
    /// How many different values are told apart; more are counted as this many.
    public static let distinctLimit = 10_000

    public let path: String
    /// Values that are not null.
    public private(set) var values = 0
    public private(set) var nulls = 0
    /// Rows without it.
    public internal(set) var missing = 0
    /// How many values are true, and how many false.
    public private(set) var trues = 0
    public private(set) var falses = 0
    /// Rows that have it.
    fileprivate var rows = 0
    private var lastRow = 0
    private var numberValues: [Double] = []
    private var lengthValues: [Double] = []
    private var counts: [JSONText: Int] = [:]
    /// Whether there are more different values than `distinctLimit`.
    public private(set) var hasMoreDistinct = false

    init(path: String) { self.path = path }

    /// Of the numbers; nil where there are none.
    public var numbers: Spread? { Spread(numberValues) }
    /// Of the lengths of texts, in characters.
    public var lengths: Spread? { Spread(lengthValues) }
    /// How many different values, at most `distinctLimit`.
    public var distinct: Int { counts.count }

    /// The commonest values, the commonest first; none where no value occurs twice.
    public func frequent(_ count: Int) -> [(value: JSONValue, count: Int)] {
        counts.filter { $0.value > 1 }
            .sorted { ($1.value, $0.key.text) < ($0.value, $1.key.text) }
            .prefix(count).map { ($0.key.value, $0.value) }
    }

    fileprivate mutating func note(row: Int) {
        guard row != lastRow else { return }
        lastRow = row
        rows += 1
    }

    fileprivate mutating func add(_ value: JSONValue) {
        switch value {
        case .null:
            nulls += 1
            return
        case .bool(let flag): if flag { trues += 1 } else { falses += 1 }
        case .string(let text): lengthValues.append(Double(text.count))
        default: if let number = value.doubleValue { numberValues.append(number) }
        }
        values += 1
        let key = JSONText(value)
        if let known = counts[key] {
            counts[key] = known + 1
        } else if counts.count < Self.distinctLimit {
            counts[key] = 1
        } else {
            hasMoreDistinct = true
        }
    }
}

/// How numbers lie.
public struct Spread: Sendable, Equatable {
    public let count: Int
    public let minimum: Double
    public let mean: Double
    /// The middle one, or the mean of the two in the middle.
    public let median: Double
    public let maximum: Double

    /// Nil for no numbers.
    init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        count = sorted.count
        (minimum, maximum) = (first, last)
        let sum = sorted.reduce(0, +), size = Double(sorted.count)
        // The sum of large numbers may be beyond a double; their mean never is.
        mean = sum.isFinite ? sum / size : min(max(sorted.reduce(0) { $0 + $1 / size }, first), last)
        let middle = sorted.count / 2
        median = sorted.count.isMultiple(of: 2) ? sorted[middle - 1] / 2 + sorted[middle] / 2 : sorted[middle]
    }
}

/// A value as a key of a dictionary.
private struct JSONText: Hashable {
    let value: JSONValue
    let text: String

    init(_ value: JSONValue) {
        self.value = value
        text = (try? CanonicalJSON.text(value)) ?? value.typeName
    }

    static func == (left: Self, right: Self) -> Bool { left.text == right.text }
    func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
