internal import Foundation

/// The paths of a store. All lie on one file system, since files move between them by link and rename.
struct StoreLayout: Sendable {
    let root: String

    init(root: String) { self.root = root }

    init(folder: URL) {
        var path = folder.path(percentEncoded: false)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        root = path
    }

    var index: String { root + "/index.sqlite" }
    var records: String { root + "/records" }
    var temporary: String { root + "/tmp" }
    var locks: String { root + "/locks" }
    var storeLock: String { root + "/locks/store" }
    var staging: String { root + "/staging" }
    var runs: String { root + "/runs" }
    var objects: String { root + "/objects/sha256" }
    var blobs: String { root + "/blobs/sha256" }
    /// The folders that every store has.
    var folders: [String] {
        [root, objects, blobs, records, staging, runs, temporary, locks]
    }

    func object(_ digest: ContentDigest) -> String {
        "\(objects)/\(digest.hex.prefix(2))/\(digest.hex).jsonl.zst"
    }

    func blob(_ digest: ContentDigest) -> String { "\(blobs)/\(digest.hex.prefix(2))/\(digest.hex)" }

    func path(of reference: ArtifactReference) -> String {
        reference.isBlob ? blob(reference.digest) : object(reference.digest)
    }

    /// Where rows are found by the ids at `fields`; made when first asked for.
    var rowIndexes: String { root + "/row-index" }

    func rowIndex(_ digest: ContentDigest, fields: [RowPath]) -> String {
        let members = ContentDigest(hashing: Array(fields.map(\.description).joined(separator: "\n").utf8))
        return "\(rowIndexes)/\(digest.hex.prefix(2))/\(digest.hex)-\(members.short).idx"
    }

    func record(_ key: ContentDigest) -> String { "\(records)/\(key.hex.prefix(2))/\(key.hex).json" }

    /// Where a second, different result for `key` is noted.
    func divergence(_ key: ContentDigest, outcome: ContentDigest) -> String {
        "\(records)/\(key.hex.prefix(2))/\(key.hex).divergence-\(outcome.short).json"
    }

    /// Where files go that are not what they should be, so that nothing is lost with them.
    var quarantine: String { root + "/quarantine" }

    /// The path as seen from the store.
    func relative(_ path: String) -> String {
        guard path.hasPrefix(root + "/") else { return path }
        return String(path.utf8.dropFirst(root.utf8.count + 1)) ?? path
    }

    func staging(_ key: ContentDigest) -> String { "\(staging)/\(key.hex)" }
    func lock(_ key: ContentDigest) -> String { "\(locks)/\(key.hex)" }

    /// The objects or the blobs in `folder`, in the order of their paths.
    func storedFiles(in folder: String) throws -> [StoredFile] {
        var files: [StoredFile] = []
        for shard in try Folder.names(in: folder) {
            for name in try Folder.names(in: "\(folder)/\(shard)") {
                let path = "\(folder)/\(shard)/\(name)"
                guard let size = try FileStatus(path: path)?.size else { continue }  // Gone meanwhile.
                if let digest = content(at: path) {
                    files.append(StoredFile(path: path, digest: digest, size: size))
                }
            }
        }
        return files
    }
}

/// An object or a blob, as its name tells.
struct StoredFile: Sendable {
    let path: String
    let digest: ContentDigest
    /// Bytes on the disk.
    let size: Int
}
