import Artifacts
import Foundation
import Pipeline
import Testing

@Suite("Damaged blobs")
struct DamagedBlobTests {
    let workplace: Workplace
    /// The copy of the source in the store.
    let copy: URL

    init() throws {
        workplace = try Workplace(
            """
            sources: {file: {path: numbers.txt}}
            stages: {read: {stage: read, inputs: {file: file}}}
            """)
        try workplace.write("4\n5\n", to: "numbers.txt")
        let digest = ContentDigest(hashing: Array("4\n5\n".utf8)).hex
        copy = workplace.folder.appending(path: "store/blobs/sha256/\(digest.prefix(2))/\(digest)")
    }

    /// Puts other bytes of the same number in the place of the copy.
    private func damage() throws {
        try FileManager.default.removeItem(at: copy)
        try workplace.write("4\n6\n", to: String(copy.path.dropFirst(workplace.folder.path.count + 1)))
    }

    @Test("a source whose copy was damaged is copied again, and the stage reads what the source says")
    func sourceCopy() async throws {
        try await workplace.run()
        try damage()
        let second = try await workplace.run(options: RunOptions(cores: 2, forced: ["read"]))
        #expect(second.started == ["read"])
        #expect(try workplace.values(second, "read") == [4, 5])
        #expect(try String(contentsOf: copy, encoding: .utf8) == "4\n5\n")
    }

    @Test("a run that reuses every result reads no blob")
    func cachedRun() async throws {
        try await workplace.run()
        try damage()
        #expect(try await workplace.run().outcomes == ["read cached"])
        #expect(try String(contentsOf: copy, encoding: .utf8) == "4\n6\n")
    }

    @Test("a stage that opens a damaged blob fails, and gives no wrong result")
    func openedBlob() async throws {
        try await workplace.run()
        try damage()
        let store = try workplace.store()
        let digest = try #require(ContentDigest(hex: copy.lastPathComponent))
        let reference = ArtifactReference(
            digest: digest, schema: ArtifactReference.blobSchema, rows: 0, bytes: 4, storedBytes: 4)
        let inputs = StageInputs(store: store, connections: ["file": [reference]])
        #expect(
            throws: ArtifactError.digestMismatch(
                path: copy.path, expected: digest, found: ContentDigest(hashing: Array("4\n6\n".utf8)))
        ) { try inputs.blob("file") }
    }
}
