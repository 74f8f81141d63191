/// A row and where it stands in its artifact.
public struct FoundRow: Sendable, Equatable {
    /// Counted from 0.
    public let position: Int
    public let value: JSONValue
}

/// Finds rows of one artifact by the ids in them, reading the frames that hold these rows and no others.
///
/// The first lookup in an artifact reads all of it, once, and leaves a row index in the store; that can be deleted at
/// any time. Where the store may not be written, each lookup object makes its own.
///
/// Used from one task.
public final class RowLookup {
    public let reference: ArtifactReference
    /// The members that hold ids, those of others included.
    public let fields: [RowPath]
    private let file: RowFile
    private let layout: StoreLayout
    private var index: RowIndex?
    private var frame: RowFrame?

    /// How many frames were decompressed to read rows, and pages of the index to find them.
    package private(set) var framesRead = 0
    package var pagesRead: Int { index?.pagesRead ?? 0 }

    init(reference: ArtifactReference, fields: [RowPath], file: RowFile, layout: StoreLayout) {
        self.reference = reference
        self.fields = fields
        self.file = file
        self.layout = layout
    }

    /// The row at `position`, counted from 0.
    /// - Throws: `ArtifactError.rowRangeOutside`, `.damagedFile`, `.badRow`.
    public func row(at position: Int) throws -> FoundRow {
        if frame?.rows.contains(position) != true {
            frame = try file.frame(holding: position)
            framesRead += 1
        }
        guard let frame else {
            throw ArtifactError.rowRangeOutside(range: position..<position + 1, rows: file.rows, file: file.path)
        }
        let value = try frame.withLine(of: position) {
            try RowDecoding.value(row: position, line: $0, path: file.path)
        }
        return FoundRow(position: position, value: value)
    }

    /// The rows that hold `id` at `field`, in order, at most `limit` of them.
    public func rows(with id: String, at field: RowPath, limit: Int = .max) throws -> [FoundRow] {
        try rows(in: RowIndexEntry.range(of: id), at: field, limit: limit) { $0 == id }
    }

    /// The rows whose text at `field` begins with `prefix`, by that text, at most `limit` of them.
    public func rows(withPrefix prefix: String, at field: RowPath, limit: Int) throws -> [FoundRow] {
        try rows(in: RowIndexEntry.range(beginningWith: prefix), at: field, limit: limit) { $0.hasPrefix(prefix) }
    }

    private func rows(
        in range: ClosedRange<RowIndexEntry>, at field: RowPath, limit: Int, where fits: (String) -> Bool
    ) throws -> [FoundRow] {
        let opened = try index ?? openedIndex() ?? builtIndex()
        index = opened
        do {
            return try rows(of: opened, in: range, at: field, limit: limit, where: fits)
        } catch is RowIndex.Damage {
            let sound = try builtIndex()
            index = sound
            return try rows(of: sound, in: range, at: field, limit: limit, where: fits)
        }
    }

    private func rows(
        of index: RowIndex, in range: ClosedRange<RowIndexEntry>, at field: RowPath, limit: Int,
        where fits: (String) -> Bool
    ) throws -> [FoundRow] {
        guard let number = fields.firstIndex(of: field), limit > 0 else { return [] }
        var found: [FoundRow] = []
        try index.forEachEntry(in: range) { entry in
            guard Int(entry.field) == number else { return true }
            let row = try row(at: Int(entry.row))
            // Entries keep the beginning of an id; the row has all of it.
            if found.last?.position != row.position, field.texts(in: row.value).contains(where: fits) {
                found.append(row)
            }
            return found.count < limit
        }
        return found
    }

    // MARK: The index

    private var path: String { layout.rowIndex(reference.digest, fields: fields) }

    private func openedIndex() -> RowIndex? { RowIndex(path: path, of: reference, fields: fields) }

    /// Reads the whole artifact, which verifies it too.
    private func builtIndex() throws -> RowIndex {
        var entries: [RowIndexEntry] = []
        entries.reserveCapacity(reference.rows * fields.count)
        try file.forEachLine(expecting: reference) { row, line in
            let value = try RowDecoding.value(row: row, line: line, path: file.path)
            for (number, field) in fields.enumerated() {
                for text in field.texts(in: value) {
                    entries.append(RowIndexEntry(id: text, row: UInt32(row), field: UInt32(number)))
                }
            }
        }
        let bytes = RowIndex.encode(entries, of: reference, fields: fields)
        do {
            let target = path
            try Folder.create(Folder.parent(of: target))
            let temporary = try TemporaryFile(in: layout.temporary)
            try temporary.write(bytes)
            try temporary.replace(target)
        } catch ArtifactError.system {
            // A store that cannot be written, or a full disk, can still be asked.
        }
        return RowIndex(bytes: bytes)
    }
}

extension ArtifactStore {
    /// Finds rows of the artifact by the ids that they hold.
    /// - Parameter fields: where in a row the ids are; the same ones each time make the same index.
    /// - Throws: `ArtifactError.schemaMismatch` for a blob; `.missingObject`; `.damagedFile`.
    public func rowLookup(_ reference: ArtifactReference, fields: [RowPath]) throws -> RowLookup {
        RowLookup(
            reference: reference, fields: fields, file: try rowReader(reference).file, layout: layout)
    }
}
