import Artifacts
import Foundation
import Testing

@Suite("Blobs are what their names say")
struct BlobVerificationTests {
    let fixture: StoreFixture
    let content = [UInt8]("weights".utf8)

    init() throws { fixture = try StoreFixture() }

    /// Flips one bit of the stored file: its size stays.
    /// - Parameter isReplaced: whether the file gets another inode, or is written to where it is.
    /// - Returns: the digest of what is there now.
    @discardableResult
    private func damage(_ reference: ArtifactReference, isReplaced: Bool) throws -> ContentDigest {
        let url = fixture.url(of: reference)
        var bytes = try Data(contentsOf: url)
        bytes[bytes.count / 2] ^= 1
        if isReplaced {
            try FileManager.default.removeItem(at: url)
            try bytes.write(to: url)
        } else {
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: url.path)
            let file = try FileHandle(forWritingTo: url)
            try file.write(contentsOf: bytes)
            try file.close()
        }
        return ContentDigest(hashing: Array(bytes))
    }

    @Test(
        "a flipped bit is an error in the next process, and in the one that wrote the blob",
        arguments: [true, false])
    func flippedBit(isReplaced: Bool) throws {
        let writing = try fixture.open()
        let blob = try writing.ingest(bytes: content)
        #expect(try Array(Data(contentsOf: writing.blobURL(blob.digest))) == content)
        let found = try damage(blob, isReplaced: isReplaced)
        let path = fixture.url(of: blob).path
        let mismatch = ArtifactError.digestMismatch(path: path, expected: blob.digest, found: found)
        #expect(throws: mismatch) { try writing.blobURL(blob.digest) }
        #expect(throws: mismatch) { try fixture.open().blobURL(blob.digest) }
        // It is of the right size: what is only looked up is not read.
        #expect(try fixture.open().exists(blob))
        #expect(try !fixture.open().holds(blob: blob.digest))
    }

    @Test("a blob is read whole once: a change that leaves its version as it was is for the next process to find")
    func readOnce() throws {
        let blob = try fixture.open().ingest(bytes: content)
        let store = try fixture.open()
        _ = try store.blobURL(blob.digest)
        let path = fixture.url(of: blob).path
        // A whole second: the system's calls for setting a time may round it.
        let time = Date(timeIntervalSince1970: 1_700_000_000)
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
        _ = try store.blobURL(blob.digest)
        try damage(blob, isReplaced: false)
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
        _ = try store.blobURL(blob.digest)
        #expect(throws: ArtifactError.self) { try fixture.open().blobURL(blob.digest) }
    }

    @Test("a source that is taken in again replaces a damaged copy", arguments: [true, false])
    func sourceHeals(isReplaced: Bool) throws {
        let source = fixture.folder.appending(path: "source.bin")
        try Data(content).write(to: source)
        let store = try fixture.open()
        let blob = try store.ingest(file: source)
        try damage(blob, isReplaced: isReplaced)
        #expect(try store.ingest(file: source, expected: blob.digest) == blob)
        #expect(try Array(Data(contentsOf: store.blobURL(blob.digest))) == content)
    }

    @Test("a blob that is not there is missing, not damaged")
    func missing() throws {
        let store = try fixture.open()
        let digest = ContentDigest(hashing: content)
        #expect(throws: ArtifactError.missingObject(path: store.blobLocation(digest).path)) {
            try store.blobURL(digest)
        }
        #expect(try !store.holds(blob: digest))
    }
}
