import Artifacts
import Foundation
import Testing

@Suite("The store")
struct ArtifactStoreTests {
    let fixture: StoreFixture
    let store: ArtifactStore

    init() throws {
        fixture = try StoreFixture()
        store = try fixture.open()
    }

    @Test("a committed stage is found again by its key, with the same record")
    func commitAndFind() throws {
        let pairs = try store.write((0..<10).map { Sample($0) })
        let weights = try store.ingest(bytes: [1, 2, 3])
        let made = record("a", outputs: ["pairs": pairs], blobs: [weights.digest])
        #expect(try store.stageRecord(for: made.key) == nil)
        let claim = try #require(try store.claim(made.key))
        #expect(try store.commit(made, claim: claim) == .accepted)

        let found = try #require(try fixture.open().stageRecord(for: made.key))
        #expect(found.outputs == made.outputs)
        #expect(found.preimage == made.preimage)
        #expect(found.blobBytes == [weights.digest.hex: 3])
        #expect(try store.problems(of: found).isEmpty)
        #expect(try store.commit(made, claim: claim) == .alreadyAccepted)
    }

    @Test("rows come back as they were written, in order")
    func roundTrip() throws {
        let rows = (0..<1000).map { Sample($0) }
        let reference = try store.write(rows)
        #expect(reference.rows == 1000)
        #expect(reference.schema == "sample/1")
        #expect(try store.reader(reference, as: Sample.self).all() == rows)
    }

    @Test("an empty artifact has no rows and the digest of no bytes")
    func emptyArtifact() throws {
        let reference = try store.write([])
        #expect(reference.digest.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(try store.reader(reference, as: Sample.self).all().isEmpty)
    }
}
