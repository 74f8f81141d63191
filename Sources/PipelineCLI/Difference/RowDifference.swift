internal import Artifacts
internal import Pipeline

/// Which rows of two artifacts differ, by id.
struct RowDifference {
    /// A row whose id both have, with other content.
    struct Change {
        var id: String
        /// The members that differ, with the old and the new value.
        var members: [JSONChange]
    }

    /// Only in the second one, in its order.
    private(set) var added: [String] = []
    /// Only in the first one, in its order.
    private(set) var removed: [String] = []
    private(set) var changed: [Change] = []
    private(set) var same = 0

    private struct Seen {
        var position: Int
        var digest: ContentDigest
    }

    /// Reads both artifacts whole, which verifies them.
    init(_ old: ArtifactListing, _ new: ArtifactListing, in store: ArtifactStore) throws {
        let first = try Self.rows(of: old, in: store), second = try Self.rows(of: new, in: store)
        let before = try store.rowLookup(old.reference, fields: [])
        let after = try store.rowLookup(new.reference, fields: [])
        for id in second.order {
            guard let now = second.rows[id] else { continue }
            guard let then = first.rows[id] else {
                added.append(id)
                continue
            }
            if then.digest == now.digest {
                same += 1
            } else {
                changed.append(
                    Change(
                        id: id,
                        members: structuralDifference(
                            try before.row(at: then.position).value, try after.row(at: now.position).value)))
            }
        }
        removed = first.order.filter { second.rows[$0] == nil }
    }

    var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

    private static func rows(
        of listing: ArtifactListing, in store: ArtifactStore
    ) throws -> (order: [String], rows: [String: Seen]) {
        var order: [String] = []
        var rows: [String: Seen] = [:]
        try store.rowReader(listing.reference).forEachLine { line in
            let position = order.count
            var id = try CanonicalJSON.parse(line)["id"]?.stringValue ?? "row \(position + 1)"
            // Two rows of one id are two rows.
            var number = 1
            let bare = id
            while rows[id] != nil {
                number += 1
                id = "\(bare) (\(number))"
            }
            order.append(id)
            rows[id] = Seen(position: position, digest: ContentDigest(hashing: line))
        }
        return (order, rows)
    }
}

/// Measurements of one name on both sides.
struct MeasurementDifference {
    struct Value: Equatable {
        /// Nil where the number does not exist.
        var value: Double?
        var lower: Double?
        var upper: Double?
        var count: Int64?

        init(_ row: JSONValue) {
            value = row["value"]?.doubleValue
            lower = row["lower"]?.doubleValue
            upper = row["upper"]?.doubleValue
            count = row["count"]?.integerValue
        }
    }

    let name: String
    /// Nil where one side has no such measurement.
    let old: Value?
    let new: Value?

    static func all(
        _ old: ArtifactListing, _ new: ArtifactListing, in store: ArtifactStore
    ) throws -> [MeasurementDifference] {
        let first = try values(of: old, in: store), second = try values(of: new, in: store)
        let names = first.map(\.name) + second.map(\.name).filter { name in !first.contains { $0.name == name } }
        return names.map { name in
            MeasurementDifference(
                name: name, old: first.first { $0.name == name }?.value, new: second.first { $0.name == name }?.value)
        }
    }

    private static func values(
        of listing: ArtifactListing, in store: ArtifactStore
    ) throws -> [(name: String, value: Value)] {
        var found: [(String, Value)] = []
        try store.rowReader(listing.reference).forEach { row in
            if let name = row["name"]?.stringValue { found.append((name, Value(row))) }
        }
        return found
    }
}
