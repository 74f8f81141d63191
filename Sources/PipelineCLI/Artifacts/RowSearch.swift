internal import Artifacts

/// Finds the one row that a user means: by its number, `12` or `#12`, or by its id or how that begins.
struct RowSearch {
    static let help = "its number, as 12 or #12, or its id, or how that begins"

    let artifact: ArtifactListing
    let lookup: RowLookup
    /// Fewer digits than this are a number; more may be the beginning of an id as well.
    private static let shortestID = 4

    /// - Throws: `CommandError.noRow`, `.rowsOutside`, `.severalRows`, `.numberOrID`.
    func row(_ text: String) throws -> FoundRow {
        let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
        let isNumber = !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber else { return try row(id: text) ?? none(text) }
        let byID = text.hasPrefix("#") || text.utf8.count < Self.shortestID ? nil : try row(id: text)
        let number = Int(digits) ?? .max
        guard (1...max(1, artifact.reference.rows)).contains(number), artifact.reference.rows > 0 else {
            if let byID { return byID }
            throw CommandError.rowsOutside(
                first: number, last: number, rows: artifact.reference.rows, name: artifact.name)
        }
        if let byID {
            throw CommandError.numberOrID(text, name: artifact.name, id: byID.value["id"]?.stringValue ?? text)
        }
        return try lookup.row(at: number - 1)
    }

    private func none(_ text: String) throws -> FoundRow { throw CommandError.noRow(text, name: artifact.name) }

    /// Nil where no id is or begins so.
    private func row(id text: String) throws -> FoundRow? {
        let field = RowPath("id")
        let exact = try lookup.rows(with: text, at: field, limit: 1)
        let matches = exact.isEmpty && !text.isEmpty ? try lookup.rows(withPrefix: text, at: field, limit: 7) : exact
        guard matches.count <= 1 else {
            throw CommandError.severalRows(
                text, name: artifact.name, matches: matches.compactMap { $0.value["id"]?.stringValue })
        }
        return matches.first
    }
}
