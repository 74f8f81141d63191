public import Artifacts

/// A number about a model, with what is needed to trust it.
public struct Measurement: Record, Equatable {
    public static let schema = RecordSchema("measurement", version: 1)

    public let id: String
    public let name: String
    /// Nil where the number does not exist, for instance a share of nothing.
    public let value: Double?
    /// How many items it is taken over; the note says of what.
    public let count: Int
    /// The 95 % interval, where one can be given.
    public let lower: Double?
    public let upper: Double?
    /// The convention used, in words.
    public let note: String?

    package init(name: String, value: Double?, count: Int, interval: Interval? = nil, note: String? = nil) {
        id = RecordID.derive(Self.schema.name, [.string(name)])
        self.name = name
        self.value = value
        self.count = count
        lower = interval?.lower
        upper = interval?.upper
        self.note = note
    }
}

/// The two ends of an interval estimate.
package struct Interval: Equatable, Sendable {
    package let lower: Double
    package let upper: Double

    package init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }
}
