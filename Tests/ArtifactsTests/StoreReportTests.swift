import Artifacts
import Foundation
import Testing

@Suite("Verifying a store")
struct StoreReportTests {
    let fixture: StoreFixture
    /// Rows and a blob, both of one result.
    let rows: ArtifactReference
    let blob: ArtifactReference
    let stage = record("whole", outputs: [:]).key

    init() throws {
        // A path whose bytes are not its characters.
        fixture = try StoreFixture(name: "störe-tests")
        let store = try fixture.open()
        rows = try store.write((0..<40).map { Sample($0) })
        blob = try store.ingest(bytes: Array("weights".utf8))
        let claim = try #require(try store.claim(stage))
        defer { claim.release() }
        try store.commit(record("whole", outputs: ["pairs": rows], blobs: [blob.digest]), claim: claim)
    }

    private func report(_ share: VerifiedShare = .all) throws -> StoreReport {
        try report(fixture.open(), share)
    }

    private func report(_ store: ArtifactStore, _ share: VerifiedShare = .all) throws -> StoreReport {
        var generator = SystemRandomNumberGenerator()
        return try store.report(reading: share, generator: &generator, hasItsKey: { _ in true })
    }

    private func repair() throws -> (found: StoreReport, repairs: [StoreRepair], left: StoreReport) {
        var generator = SystemRandomNumberGenerator()
        return try fixture.open().repair(reading: .all, generator: &generator) { _ in true }
    }

    private var recordFile: URL {
        fixture.root.appending(path: "records/\(stage.hex.prefix(2))/\(stage.hex).json")
    }

    private func overwrite(_ url: URL, _ change: (inout Data) -> Void) throws {
        var bytes = try Data(contentsOf: url)
        change(&bytes)
        try FileManager.default.removeItem(at: url)
        try bytes.write(to: url)
    }

    @Test("a store that was left alone is sound")
    func sound() throws {
        let report = try report()
        #expect(report.isSound && report.problems.isEmpty)
        #expect([report.records, report.objects, report.blobs, report.filesRead] == [1, 1, 1, 2] as [Int])
        #expect(report.bytesRead == rows.storedBytes + blob.storedBytes)
        #expect(try self.report(.none).filesRead == 0)
        #expect(try self.report(.some(0.5)).filesRead == 1)
    }

    @Test("any one bit flipped in an object, a blob or a record is found")
    func flippedBits() throws {
        let store = try fixture.open()
        for url in [fixture.url(of: rows), fixture.url(of: blob), recordFile] {
            let whole = try Data(contentsOf: url)
            for bit in 0..<(8 * whole.count) {
                var flipped = whole
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                try overwrite(url) { $0 = flipped }
                #expect(try !report(store).isSound, "\(url.lastPathComponent), bit \(bit)")
            }
            try overwrite(url) { $0 = whole }
        }
        #expect(try report().isSound)
    }

    @Test("what is missing, cut short, unknown or unneeded is told apart, and which result needs it")
    func kinds() throws {
        let store = try fixture.open()
        let stray = try store.ingest(bytes: Array("nobody's".utf8))
        var problems = try report().problems
        #expect(problems.map(\.kind) == [.orphaned] && problems[0].path.hasSuffix(stray.digest.hex))
        #expect(try report().isSound)

        try FileManager.default.removeItem(at: fixture.url(of: blob))
        try overwrite(fixture.url(of: rows)) { $0.removeLast() }
        problems = try report(.none).problems.filter { $0.kind != .orphaned }
        #expect(problems.map(\.kind) == [.missing, .damaged])
        #expect(problems.map(\.names) == [["m2.pairs"], ["m2.pairs.pairs"]])
        #expect(problems[1].reason == "it has \(rows.storedBytes - 1) bytes, not \(rows.storedBytes)")
    }

    @Test("index and records that differ are found and made to agree, from both sides")
    func dangling() throws {
        let whole = try Data(contentsOf: recordFile)
        try FileManager.default.removeItem(at: recordFile)
        #expect(try report().problems.map(\.kind) == [.dangling])
        #expect(try repair().repairs.map(\.action) == [.rewritten])
        #expect(try Data(contentsOf: recordFile) == whole)
        // A file that can be read, and says something else.
        try overwrite(recordFile) { $0.replace(Data("1.5".utf8), with: Data("2.5".utf8)) }
        #expect(try report().problems.map(\.kind) == [.dangling])
        #expect(try repair().left.isSound)
        #expect(try Data(contentsOf: recordFile) == whole)
        // A record that was never committed: a process died before it could.
        let other = recordFile.deletingLastPathComponent().appending(path: "\(key("dead").hex).json")
        let text = String(decoding: whole, as: UTF8.self).replacing(stage.hex, with: key("dead").hex)
        try Data(text.utf8).write(to: other)
        #expect(try report().problems.map(\.kind) == [.orphaned])
    }

    @Test("a result that diverged is no problem, nor are its files, also after the index was made anew")
    func divergence() throws {
        let store = try fixture.open()
        let others = try store.write([Sample(7)])
        let claim = try #require(try store.claim(stage))
        for time in ["2024-01-19T00:00:00Z", "2024-01-20T00:00:00Z"] {
            try store.commit(record("whole", outputs: ["pairs": others], createdAt: time), claim: claim)
        }
        claim.release()
        #expect(try report().problems.isEmpty)
        #expect(try report(ArtifactStore.rebuildIndex(fixture.root).store).problems.isEmpty)
    }

    @Test("a repair puts away what is damaged, and what is lost counts as not done")
    func repairs() throws {
        try overwrite(fixture.url(of: rows)) { $0[10] ^= 4 }
        try overwrite(recordFile) { $0[30] ^= 4 }
        let (_, repairs, left) = try repair()
        #expect(
            repairs.map(\.action) == [
                .quarantined("quarantine/\(fixture.url(of: rows).lastPathComponent)"), .rewritten,
            ])
        #expect(left.problems.map(\.kind) == [.missing])
        let store = try fixture.open()
        let record = try #require(try store.stageRecord(for: stage))
        #expect(try store.problems(of: record).map(\.kind) == [.missing])
        // Made again, it is whole.
        _ = try store.write((0..<40).map { Sample($0) })
        #expect(try report().isSound)
    }

    @Test("nothing is repaired, and no index made anew, while a stage runs")
    func busy() throws {
        try overwrite(fixture.url(of: rows)) { $0[10] ^= 4 }
        let store = try fixture.open()
        let claim = try #require(try store.claim(key("other")))
        defer { claim.release() }
        let busy = ArtifactError.storeBusy(path: fixture.root.path)
        #expect(throws: busy) { try repair() }
        #expect(throws: busy) { try ArtifactStore.rebuildIndex(fixture.root) }
        #expect(try !report().isSound)
    }

    @Test("an index that is made anew keeps what only the old one knew")
    func rescue() throws {
        let before = try fixture.open().artifacts()
        try FileManager.default.removeItem(at: recordFile)
        #expect(try ArtifactStore.rebuildIndex(fixture.root).store.artifacts() == before)
        #expect(try report().isSound)
    }

    @Test("a store that was opened before its index was made anew takes no more work")
    func replacedIndex() throws {
        let store = try fixture.open()
        _ = try ArtifactStore.rebuildIndex(fixture.root)
        #expect(throws: ArtifactError.self) { try store.claim(key("other")) }
    }

    @Test("an index with a damaged header is told from a file that is no index, and made anew")
    func damagedHeader() throws {
        try overwrite(fixture.root.appending(path: "index.sqlite")) { bytes in
            for position in 20..<90 { bytes[position] ^= 0x5A }
        }
        #expect {
            try fixture.open()
        } throws: { error in
            if case ArtifactError.damagedIndex = error { true } else { false }
        }
        #expect(try ArtifactStore.rebuildIndex(fixture.root).store.artifacts().count == 1)
        #expect(try report().isSound)
    }

    @Test("a damaged index is made anew from the records, and the old one kept")
    func rebuild() throws {
        let index = fixture.root.appending(path: "index.sqlite")
        let before = try fixture.open().artifacts()
        try Data("not a database at all, but long enough to look at".utf8).write(to: index)
        #expect(throws: ArtifactError.self) { try fixture.open() }
        let (store, rebuild) = try ArtifactStore.rebuildIndex(fixture.root)
        #expect(rebuild.keptAs == "quarantine/index.sqlite" && rebuild.damage == "it is no SQLite database")
        #expect(try store.artifacts() == before)
        #expect(try report().isSound)
        // SQLite may leave an empty journal beside its database.
        #expect(try fixture.files(under: "quarantine").filter { !$0.hasSuffix("-journal") } == ["index.sqlite"])
    }
}
