import Artifacts
import Foundation
import Testing

/// A row that names others.
private struct Linked: Record, Equatable {
    static let schema = RecordSchema("linked", version: 1)
    var id: String
    var parents: [String]
    var parts: [Part] = []

    struct Part: Codable, Equatable {
        var id: String
    }
}

@Suite("Rows found by id")
struct RowLookupTests {
    let fixture: StoreFixture
    let store: ArtifactStore
    private let id = RowPath("id"), parents = RowPath("parents"), parts = RowPath("parts.id")

    init() throws {
        fixture = try StoreFixture()
        store = try fixture.open()
    }

    private func write(_ rows: [Linked]) throws -> ArtifactReference {
        let writer = try store.writer(of: Linked.self)
        try writer.append(contentsOf: rows)
        return try writer.finish()
    }

    private func indexes() throws -> [String] { try fixture.files(under: "row-index") }

    @Test("among 100,000 rows of 1 KB one is found by reading one frame and a page for every halving")
    func noScan() throws {
        let count = 100_000
        let writer = try store.writer(of: Sample.self)
        for number in 0..<count { try writer.append(Sample(number, padding: 75)) }
        let reference = try writer.finish()
        #expect(reference.bytes > count * 900)
        // The first lookup makes the index.
        _ = try store.rowLookup(reference, fields: [id]).rows(with: "none", at: id)

        for number in [0, 1, 31_415, 77_777, count - 1] {
            let lookup = try store.rowLookup(reference, fields: [id])
            let found = try lookup.rows(with: Sample(number).id, at: id)
            #expect(found.map(\.position) == [number])
            #expect(found.first?.value["text"]?.stringValue?.hasPrefix("row \(number) ") == true)
            #expect(lookup.framesRead == 1)
            // 788 pages of 127 entries: 10 halvings, the head, the page found and the one behind it.
            #expect(lookup.pagesRead <= 13)
        }
        let missing = try store.rowLookup(reference, fields: [id])
        #expect(try missing.rows(with: "no such id", at: id).isEmpty)
        #expect(missing.framesRead == 0)
    }

    @Test("rows are found by their own ids and by those they name, also within lists")
    func members() throws {
        let rows = (0..<300).map { number in
            Linked(
                id: "row-\(number)", parents: ["p\(number % 3)", "p\(number % 7)"],
                parts: [.init(id: "part-\(number)")])
        }
        let lookup = try store.rowLookup(write(rows), fields: [id, parents, parts])
        #expect(try lookup.rows(with: "row-17", at: id).map(\.position) == [17])
        #expect(try lookup.rows(with: "part-299", at: parts).map(\.position) == [299])
        let named = (0..<300).filter { $0 % 3 == 2 || $0 % 7 == 2 }
        #expect(try lookup.rows(with: "p2", at: parents).map(\.position) == named)
        #expect(try lookup.rows(with: "p2", at: parents, limit: 4).map(\.position) == Array(named.prefix(4)))
        #expect(try lookup.rows(with: "p2", at: id).isEmpty)
        #expect(try lookup.rows(with: "row-17", at: RowPath("unknown")).isEmpty)
        #expect(try lookup.rows(with: "row", at: id).isEmpty)
    }

    @Test("a row is found by the beginning of its id, and several are told apart")
    func prefixes() throws {
        let reference = try write(["abc", "abd", "b"].map { Linked(id: $0, parents: []) })
        let lookup = try store.rowLookup(reference, fields: [id])
        #expect(try lookup.rows(withPrefix: "ab", at: id, limit: 9).map(\.position) == [0, 1])
        #expect(try lookup.rows(withPrefix: "abd", at: id, limit: 9).map(\.position) == [1])
        #expect(try lookup.rows(withPrefix: "c", at: id, limit: 9).isEmpty)
        #expect(try lookup.rows(withPrefix: "", at: id, limit: 2).map(\.position) == [0, 1])
    }

    @Test("ids that differ only behind what the index keeps are told apart")
    func longIDs() throws {
        let stem = String(repeating: "x", count: 30)
        let reference = try write((0..<200).map { Linked(id: stem + "-\($0)", parents: []) })
        let lookup = try store.rowLookup(reference, fields: [id])
        #expect(try lookup.rows(with: stem + "-123", at: id).map(\.position) == [123])
        #expect(try lookup.rows(with: stem, at: id).isEmpty)
        #expect(try lookup.rows(withPrefix: stem + "-19", at: id, limit: 99).count == 11)
    }

    @Test("an index that was deleted or damaged is made again", arguments: [0, 4100, 8191, 9000])
    func rebuilt(byte: Int) throws {
        let reference = try write((0..<300).map { Linked(id: "row-\($0)", parents: []) })
        func find(_ number: Int) throws -> [Int] {
            try store.rowLookup(reference, fields: [id]).rows(with: "row-\(number)", at: id).map(\.position)
        }
        #expect(try find(5) == [5])
        let index = fixture.root.appending(path: "row-index/\(try #require(try indexes().first))")
        let sound = try Data(contentsOf: index)
        var damaged = sound
        damaged[byte] ^= 4
        try FileManager.default.removeItem(at: index)
        try damaged.write(to: index)
        for number in 0..<300 { #expect(try find(number) == [number]) }
        #expect(try Data(contentsOf: index) == sound)
        try FileManager.default.removeItem(at: fixture.root.appending(path: "row-index"))
        #expect(try find(299) == [299])
        #expect(try Data(contentsOf: index) == sound)
    }

    @Test("a store that cannot take an index answers all the same")
    func noRoom() throws {
        let reference = try write([Linked(id: "a", parents: ["b"])])
        try Data().write(to: fixture.root.appending(path: "row-index"))
        let lookup = try store.rowLookup(reference, fields: [id, parents])
        #expect(try lookup.rows(with: "b", at: parents).map(\.position) == [0])
        #expect(try fixture.files(under: "tmp").isEmpty)
    }

    @Test("other members have an index of their own")
    func otherFields() throws {
        let reference = try write([Linked(id: "a", parents: ["b"])])
        #expect(try store.rowLookup(reference, fields: [id]).rows(with: "a", at: id).count == 1)
        #expect(try store.rowLookup(reference, fields: [id, parents]).rows(with: "b", at: parents).count == 1)
        #expect(try indexes().count == 2)
    }

    @Test("rows are read by position, several of a frame at the cost of one")
    func positions() throws {
        let rows = (0..<4000).map { Sample($0, padding: 90) }
        let lookup = try store.rowLookup(store.write(rows), fields: [])
        for position in [3, 4, 5] { #expect(try lookup.row(at: position).value["id"] == .string(rows[position].id)) }
        #expect(lookup.framesRead == 1)
        #expect(try lookup.row(at: 3999).value["id"] == .string(rows[3999].id))
        #expect(lookup.framesRead == 2)
        #expect(throws: ArtifactError.self) { try lookup.row(at: 4000) }
        #expect(throws: ArtifactError.self) { try lookup.row(at: -1) }
        #expect(throws: ArtifactError.self) { try store.rowLookup(store.write([]), fields: []).row(at: 0) }
    }
}
