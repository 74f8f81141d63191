internal import Artifacts
internal import Pipeline

/// The rows of an artifact that a condition picks. Used from one task.
final class ChosenRows {
    private let name: String
    private let reader: RowReader
    private let lookup: RowLookup
    private let condition: RowCondition?
    private var check: ConditionCheck?
    /// Frames are read one after the other, so that what nobody wants is not read; about one frame's rows of 1 KB.
    private static let batch = 1000

    /// - Throws: `CommandError.notRows` for raw bytes.
    init(of listing: ArtifactListing, in store: ArtifactStore, where condition: RowCondition?) throws {
        guard !listing.reference.isBlob else { throw CommandError.notRows(listing.name) }
        name = listing.name
        reader = try store.rowReader(listing.reference)
        lookup = try store.rowLookup(listing.reference, fields: [])
        self.condition = condition
        check = condition.map { ConditionCheck($0) }
    }

    private func holds(for row: JSONValue) -> Bool {
        check?.see(row)
        return condition?.holds(for: row) ?? true
    }

    /// Every row that fits, in order; the artifact is verified at the end.
    func forEach(_ body: (_ position: Int, _ row: JSONValue) throws -> Void) throws {
        var position = 0
        try reader.forEach { row in
            if holds(for: row) { try body(position, row) }
            position += 1
        }
    }

    /// The first `count` rows that fit, reading little more than these.
    func first(_ count: Int) throws -> [JSONValue] {
        var found: [JSONValue] = []
        var start = 0
        while found.count < count, start < reader.count {
            let wanted = condition == nil ? count : Self.batch
            let end = min(reader.count, start + wanted)
            found += try reader.rows(start..<end).filter { holds(for: $0) }
            start = end
        }
        return Array(found.prefix(count))
    }

    /// The rows that `sample` picks among those that fit, in order.
    func picked(by sample: RowSample) throws -> [JSONValue] {
        var sample = sample
        if condition == nil {
            for position in 0..<reader.count { sample.offer(position) }
        } else {
            try forEach { position, _ in sample.offer(position) }
        }
        return try sample.positions.map { try lookup.row(at: $0).value }
    }

    /// The nearest field; else those that have the word in their names, or all.
    private static func hint(to word: String, among fields: Set<String>) -> NameHint {
        let hint = NameHint(for: word, among: fields)
        let akin = fields.filter { $0.contains(word) }
        if case .known = hint, !akin.isEmpty { return .known(akin.sorted()) }
        return hint
    }

    /// Says what the condition speaks of that no row has; to be called once the rows that fit are written.
    ///
    /// Nothing is said where not all rows were read: one of the others may have it.
    /// - Throws: `CommandError.noField`, unless the condition only asks whether the field is there.
    func reportCondition() throws {
        guard let check, check.rows == reader.count else { return }
        var failure: CommandError?
        for problem in check.problems {
            switch problem {
            case .absent(let path, let isAskedFor):
                let error = CommandError.noField(
                    path.description, name: name, hint: Self.hint(to: path.description, among: check.fields))
                if isAskedFor { Console.note("note: \(DisplayText.harmless(error.description))") }
                if !isAskedFor, failure == nil { failure = error }
            case .unlike(let left, let kinds, let relation, let right, let others):
                let sides = [(left, kinds), (right, others)].map { "'\($0.0)' is \($0.1.joined(separator: " or "))" }
                Console.note(
                    DisplayText.harmless(
                        "note: '\(left) \(relation.rawValue) \(right)' can hold for no row of '\(name)': "
                            + sides.joined(separator: ", ")))
            }
        }
        if let failure { throw failure }
    }
}
