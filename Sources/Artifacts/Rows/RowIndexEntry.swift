/// One place of a row index: which row has which id in which of the indexed members.
struct RowIndexEntry: Comparable, Hashable {
    /// Bytes of an id that an entry keeps, more than a `RecordID` has. Longer ids that begin alike are told apart in
    /// the rows.
    static let keyBytes = 24
    /// Bytes of an entry on disk: the key, the row and the member.
    static let size = keyBytes + 8

    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    let row: UInt32
    /// The position among the indexed members.
    let field: UInt32

    init(id: String, row: UInt32, field: UInt32) {
        self.init(key: Self.words(of: id.utf8, filling: 0), row: row, field: field)
    }

    private init(key: [UInt64], row: UInt32, field: UInt32) {
        (first, second, third) = (key[0], key[1], key[2])
        self.row = row
        self.field = field
    }

    /// The entries that `id` may have, which it shares with longer ids that begin with all that an entry keeps.
    static func range(of id: String) -> ClosedRange<RowIndexEntry> {
        let key = words(of: id.utf8, filling: 0)
        return RowIndexEntry(key: key, row: 0, field: 0)...RowIndexEntry(key: key, row: .max, field: .max)
    }

    /// The entries that an id beginning with `prefix` may have.
    static func range(beginningWith prefix: String) -> ClosedRange<RowIndexEntry> {
        let greatest = words(of: prefix.utf8, filling: .max)
        return range(of: prefix).lowerBound...RowIndexEntry(key: greatest, row: .max, field: .max)
    }

    /// The bytes as big-endian words, so that words are ordered as bytes are; shorter keys are filled up.
    private static func words(of bytes: some Sequence<UInt8>, filling: UInt8) -> [UInt64] {
        var words: [UInt64] = [0, 0, 0]
        var count = 0
        for byte in bytes where count < keyBytes {
            words[count / 8] = words[count / 8] << 8 | UInt64(byte)
            count += 1
        }
        while count < keyBytes {
            words[count / 8] = words[count / 8] << 8 | UInt64(filling)
            count += 1
        }
        return words
    }

    static func < (left: Self, right: Self) -> Bool {
        if left.first != right.first { return left.first < right.first }
        if left.second != right.second { return left.second < right.second }
        if left.third != right.third { return left.third < right.third }
        return left.row != right.row ? left.row < right.row : left.field < right.field
    }

    // MARK: Bytes

    func append(to bytes: inout [UInt8]) {
        for word in [first, second, third] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        bytes.appendLittleEndian(row)
        bytes.appendLittleEndian(field)
    }

    /// Reads the entry at `offset` of a page.
    init(_ page: [UInt8], at offset: Int) {
        self.init(
            key: Self.words(of: page[offset..<offset + Self.keyBytes], filling: 0),
            row: page.littleEndian(at: offset + Self.keyBytes),
            field: page.littleEndian(at: offset + Self.keyBytes + 4))
    }
}
