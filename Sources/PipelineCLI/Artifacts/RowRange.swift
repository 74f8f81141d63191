internal import ArgumentParser

/// Rows as users count them: from 1, the last one included.
struct RowRange: ExpressibleByArgument, Equatable, Sendable {
    let first: Int
    let last: Int

    init(first: Int, last: Int) {
        self.first = first
        self.last = last
    }

    /// Reads `3..7`.
    init?(argument: String) {
        let parts = argument.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].isEmpty, let first = Int(parts[0]), let last = Int(parts[2]),
            first >= 1, last >= first
        else { return nil }
        self.init(first: first, last: last)
    }

    /// As positions counted from 0.
    /// - Throws: `CommandError.rowsOutside` where an artifact of `rows` rows does not have them.
    func positions(of rows: Int, name: String) throws -> Range<Int> {
        guard first >= 1, last <= rows else {
            throw CommandError.rowsOutside(first: first, last: last, rows: rows, name: name)
        }
        return first - 1..<last
    }
}
