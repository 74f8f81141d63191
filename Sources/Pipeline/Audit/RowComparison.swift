public import Artifacts

/// How what an audit computed compares with what the store holds.
public enum AuditVerdict: Sendable, Equatable {
    case identical
    /// The same rows in another order.
    case reordered
    /// The same rows but for numbers, which differ by no more than this share of themselves.
    case close(Double)
    case different(RowDifference)
}

/// The first place at which two lists of rows differ.
public struct RowDifference: Sendable, Equatable {
    /// The position of the row in the stored artifact, from 0.
    public let row: Int
    /// The member in the row, dots between levels; empty where a whole row is missing or too many.
    public let path: String
    public let stored: JSONValue?
    public let computed: JSONValue?

    public init(row: Int, path: String, stored: JSONValue?, computed: JSONValue?) {
        self.row = row
        self.path = path
        self.stored = stored
        self.computed = computed
    }
}

/// Compares rows that an audit computed with those of the store.
struct RowComparison {
    /// The largest relative difference of numbers that still counts as close.
    let tolerance: Double
    /// The largest relative difference between two blobs of numbers; nil where they cannot be compared so.
    let blobDifference: @Sendable (_ stored: ContentDigest, _ computed: ContentDigest) -> Double?

    /// - Parameter positions: where the rows stand in the stored artifact.
    func verdict(stored: [JSONValue], computed: [JSONValue], positions: [Int]) -> AuditVerdict {
        if stored == computed { return .identical }
        if stored.count == computed.count {
            if Self.counts(stored) == Self.counts(computed) { return .reordered }
            if let largest = largest(zip(stored, computed)), largest <= tolerance { return .close(largest) }
        }
        return .different(firstDifference(stored, computed, positions))
    }

    private static func counts(_ rows: [JSONValue]) -> [ContentDigest: Int] {
        rows.reduce(into: [:]) { counts, row in
            if let text = try? CanonicalJSON.encode(row) { counts[ContentDigest(hashing: text), default: 0] += 1 }
        }
    }

    private func firstDifference(
        _ stored: [JSONValue], _ computed: [JSONValue], _ positions: [Int]
    ) -> RowDifference {
        let index = zip(stored, computed).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        guard let index else {
            let index = min(stored.count, computed.count)
            return RowDifference(
                row: index < positions.count ? positions[index] : index, path: "",
                stored: stored.dropFirst(index).first, computed: computed.dropFirst(index).first)
        }
        // A row's own id follows from the rest of it, and says least.
        let changes = structuralDifference(stored[index], computed[index])
        let change = changes.first { $0.path != ["id"] } ?? changes[0]
        return RowDifference(
            row: index < positions.count ? positions[index] : index, path: change.path.joined(separator: "."),
            stored: change.old, computed: change.new)
    }

    // MARK: Closeness

    /// Nil where anything but numbers differs.
    private func largest(_ pairs: some Sequence<(JSONValue, JSONValue)>) -> Double? {
        var largest = 0.0
        for (stored, computed) in pairs {
            guard let difference = difference(stored, computed) else { return nil }
            largest = max(largest, difference)
        }
        return largest
    }

    private static func isDerivedID(_ value: JSONValue) -> Bool {
        value.stringValue.map { $0.utf8.count == 20 && $0.allSatisfy(\.isHexDigit) } ?? false
    }

    private func difference(_ stored: JSONValue, _ computed: JSONValue) -> Double? {
        if stored == computed { return 0 }
        switch (stored, computed) {
        case (.number(let a), .number(let b)):
            return abs(a - b) / max(abs(a), abs(b))
        case (.array(let a), .array(let b)):
            return a.count == b.count ? largest(zip(a, b)) : nil
        case (.object(let a), .object(let b)):
            guard Set(a.keys) == Set(b.keys) else { return nil }
            // An id that is derived from content may differ where the content is close.
            return largest(
                a.filter { $0.key != "id" || !Self.isDerivedID($0.value) }.map { ($0.value, b[$0.key] ?? .null) })
        case (.string(let a), .string(let b)):
            guard let stored = ContentDigest(hex: a), let computed = ContentDigest(hex: b) else { return nil }
            return blobDifference(stored, computed)
        default:
            return nil
        }
    }
}
