import Artifacts
import Foundation

/// A row for tests.
struct Sample: Record, Equatable {
    static let schema = RecordSchema("sample", version: 1)
    var id: String
    var text: String
    var score: Double?

    init(_ number: Int, padding: Int = 0) {
        id = RecordID.derive("sample", [.integer(Int64(number))])
        text = "row \(number) " + String(repeating: "lorem \(number) ", count: padding)
        score = number.isMultiple(of: 3) ? nil : Double(number) / 4
    }
}

/// A store in a folder of its own, removed at the end of the test.
final class StoreFixture: Sendable {
    let folder: URL

    init(name: String = "artifacts-tests", in parent: URL = FileManager.default.temporaryDirectory) throws {
        folder = parent.appending(path: "\(name)-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var root: URL { folder.appending(path: "store") }

    func open() throws -> ArtifactStore { try ArtifactStore.open(root, create: true) }

    /// Every file under the store, by its path there, but for folders.
    func files(under path: String = "") throws -> [String] {
        let root = root.appending(path: path).path
        return try FileManager.default.subpathsOfDirectory(atPath: root).filter { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: root + "/" + name, isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }

    func url(of reference: ArtifactReference) -> URL {
        let hex = reference.digest.hex
        return reference.schema == "blob"
            ? root.appending(path: "blobs/sha256/\(hex.prefix(2))/\(hex)")
            : root.appending(path: "objects/sha256/\(hex.prefix(2))/\(hex).jsonl.zst")
    }
}

extension ArtifactStore {
    func write(_ rows: [Sample]) throws -> ArtifactReference {
        let writer = try writer(of: Sample.self)
        try writer.append(contentsOf: rows)
        return try writer.finish()
    }
}

func key(_ text: String) -> ContentDigest { ContentDigest(hashing: Array(text.utf8)) }

func record(
    _ name: String, outputs: [String: ArtifactReference], stage: String = "m2.pairs", blobs: [ContentDigest] = [],
    createdAt: String = "2024-01-18T00:00:00Z"
) -> StageRecord {
    StageRecord(
        key: key(name), preimage: ["params": ["n": 4]], kind: "pair", stageName: stage, pipeline: "iteration",
        outputs: outputs, blobs: blobs, facts: ["seconds": 1.5], createdAt: createdAt)
}
