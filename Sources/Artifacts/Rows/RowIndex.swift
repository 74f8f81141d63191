/// Tells which rows of an artifact hold an id, without reading the artifact: entries sorted by id, in pages of 4 KiB.
///
/// It is made of the rows alone and can be made again at any time. Every page carries a checksum, so that a damaged
/// index is made anew instead of hiding a row. Byte by byte: `docs/artifact-format.md`.
///
/// Used from one task.
final class RowIndex {
    static let pageSize = 4096
    static let checksumSize = 24
    /// Bytes before the entries of a page: how many there are, and which page it is.
    static let pageHeader = 8
    static let entriesPerPage = (pageSize - checksumSize - pageHeader) / RowIndexEntry.size

    private enum Storage {
        case file(ReadableFile)
        /// Where the store may not be written.
        case memory([UInt8])
    }

    private let storage: Storage
    /// Entry pages; one more precedes them.
    private let pages: Int
    /// How many pages were read so far.
    private(set) var pagesRead = 0

    /// Opens an index that was written.
    /// - Returns: nil where it is not an index of that content and these members, or is not whole.
    init?(path: String, of reference: ArtifactReference, fields: [RowPath]) {
        guard let file = try? ReadableFile(path: path), file.size >= Self.pageSize, file.size % Self.pageSize == 0
        else { return nil }
        storage = .file(file)
        pages = file.size / Self.pageSize - 1
        guard let head = try? page(0), head == Self.head(of: reference, fields: fields, pages: pages) else {
            return nil
        }
    }

    /// An index in memory.
    init(bytes: [UInt8]) {
        storage = .memory(bytes)
        pages = bytes.count / Self.pageSize - 1
    }

    /// A page or more that is not what was written.
    struct Damage: Error {}

    // MARK: Looking up

    /// The entries of `range`, in order, until `body` returns false.
    /// - Throws: `Damage`.
    func forEachEntry(in range: ClosedRange<RowIndexEntry>, _ body: (RowIndexEntry) throws -> Bool) throws {
        var number = try firstPage(reaching: range.lowerBound)
        while number < pages {
            for entry in try entries(ofPage: number) where entry >= range.lowerBound {
                guard entry <= range.upperBound, try body(entry) else { return }
            }
            number += 1
        }
    }

    /// The first page whose last entry is not below `entry`.
    private func firstPage(reaching entry: RowIndexEntry) throws -> Int {
        var low = 0, high = pages
        while low < high {
            let middle = (low + high) / 2
            guard let last = try entries(ofPage: middle).last else { throw Damage() }
            if last < entry { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func entries(ofPage number: Int) throws -> [RowIndexEntry] {
        let page = try page(number + 1)
        let count = Int(page.littleEndian(at: 0))
        guard count <= Self.entriesPerPage, Int(page.littleEndian(at: 4)) == number + 1 else { throw Damage() }
        return (0..<count).map { RowIndexEntry(page, at: Self.pageHeader + $0 * RowIndexEntry.size) }
    }

    private func page(_ number: Int) throws -> [UInt8] {
        pagesRead += 1
        let page: [UInt8]
        switch storage {
        case .file(let file): page = try file.read(Self.pageSize, at: number * Self.pageSize)
        case .memory(let bytes): page = Array(bytes[number * Self.pageSize..<(number + 1) * Self.pageSize])
        }
        guard page == Self.sealed(page) else { throw Damage() }
        return page
    }

    // MARK: Making

    /// The bytes of an index.
    /// - Parameter entries: in any order.
    static func encode(_ entries: [RowIndexEntry], of reference: ArtifactReference, fields: [RowPath]) -> [UInt8] {
        let sorted = entries.sorted()
        let pages = (sorted.count + entriesPerPage - 1) / entriesPerPage
        var bytes = head(of: reference, fields: fields, pages: pages)
        bytes.reserveCapacity((pages + 1) * pageSize)
        for number in 0..<pages {
            let held = sorted[number * entriesPerPage..<min(sorted.count, (number + 1) * entriesPerPage)]
            var page: [UInt8] = []
            page.reserveCapacity(pageSize)
            page.appendLittleEndian(UInt32(held.count))
            page.appendLittleEndian(UInt32(number + 1))
            for entry in held { entry.append(to: &page) }
            bytes += sealed(page)
        }
        return bytes
    }

    /// The first page: of what this is the index, as canonical JSON.
    private static func head(of reference: ArtifactReference, fields: [RowPath], pages: Int) -> [UInt8] {
        let members: JSONValue = [
            "schema": "row-index/1", "digest": .string(reference.digest.hex), "pages": .integer(Int64(pages)),
            "fields": .array(fields.map { .string($0.description) }),
        ]
        return sealed((try? CanonicalJSON.encode(members)) ?? [])
    }

    /// `page` at its full size, with the checksum of what comes before that.
    private static func sealed(_ page: [UInt8]) -> [UInt8] {
        var page = Array(page.prefix(pageSize - checksumSize))
        page += [UInt8](repeating: 0, count: pageSize - checksumSize - page.count)
        var stream = DigestStream()
        page.withUnsafeBytes { stream.update($0) }
        return page + stream.finalize().bytes.prefix(checksumSize)
    }
}
