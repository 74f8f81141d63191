import Artifacts
import Foundation
import Testing

@Suite("Results taken in from another store")
struct TransferTests {
    let fixture: StoreFixture
    let other: StoreFixture

    init() throws {
        (fixture, other) = (try StoreFixture(), try StoreFixture())
    }

    /// Commits a result of these rows to the store of `fixture`.
    @discardableResult
    private func commit(_ name: String, _ rows: [Sample], to fixture: StoreFixture) throws -> ArtifactReference {
        let store = try fixture.open()
        let output = try store.write(rows)
        let claim = try #require(try store.claim(key(name)))
        defer { claim.release() }
        try store.commit(record(name, outputs: ["rows": output]), claim: claim)
        return output
    }

    private func takeIn() throws -> ArtifactStore.Transfer {
        try fixture.open().takeIn(other.open()) { _ in }
    }

    private func isSound() throws -> Bool {
        var generator = SystemRandomNumberGenerator()
        return try fixture.open().report(reading: .all, generator: &generator) { _ in true }.problems.isEmpty
    }

    private func flip(_ reference: ArtifactReference, in fixture: StoreFixture) throws {
        let file = fixture.url(of: reference)
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try FileManager.default.removeItem(at: file)
        try bytes.write(to: file)
    }

    @Test("new results come in, equal ones are known, and other results that stand here stay")
    func outcomes() throws {
        try commit("new", [Sample(1)], to: other)
        try commit("same", [Sample(2)], to: other)
        try commit("same", [Sample(2)], to: fixture)
        try commit("differs", [Sample(3)], to: other)
        let ours = try commit("differs", [Sample(4)], to: fixture)
        let transfer = try takeIn()
        #expect((transfer.accepted, transfer.known) == (1, 1) && transfer.diverged == ["m2.pairs"])
        #expect(try fixture.open().stageRecord(for: key("differs"))?.outputs["rows"] == ours)
        #expect(try isSound())
    }

    @Test("a result that stands here stays even where a file of it is missing")
    func missingHere() throws {
        try commit("a", [Sample(1)], to: other)
        let ours = try commit("a", [Sample(2)], to: fixture)
        try FileManager.default.removeItem(at: fixture.url(of: ours))
        #expect(try takeIn().diverged == ["m2.pairs"])
        #expect(try fixture.open().stageRecord(for: key("a"))?.outputs["rows"] == ours)
    }

    @Test("a file that is damaged here is replaced by the sound one that comes")
    func damagedHere() throws {
        try commit("a", (0..<40).map { Sample($0) }, to: other)
        let ours = try commit("a", (0..<40).map { Sample($0) }, to: fixture)
        try flip(ours, in: fixture)
        #expect(try takeIn().known == 1)
        #expect(try isSound())
    }

    @Test("a file that is damaged there is refused before anything is taken in")
    func damagedThere() throws {
        try commit("a", [Sample(1)], to: other)
        try flip(try commit("b", (0..<40).map { Sample($0) }, to: other), in: other)
        #expect(throws: ArtifactError.self) { try takeIn() }
        #expect(try fixture.files(under: "objects").isEmpty && fixture.files(under: "records").isEmpty)
    }

    @Test("after the index was made anew names stand for what the last run used, not for what was made last")
    func namesAfterRebuild() throws {
        let old = try commit("old", [Sample(1)], to: fixture)
        try commit("new", [Sample(2)], to: fixture)
        let result: JSONValue = ["name": "m2.pairs", "outcome": "cached", "key": .string(key("old").hex)]
        try fixture.open().newRun(plan: [:])
            .finish(summary: ["pipeline": "iteration", "results": [result]])
        try FileManager.default.removeItem(at: fixture.root.appending(path: "index.sqlite"))
        #expect(try fixture.open().resolve("m2.pairs").first?.reference == old)
    }
}
