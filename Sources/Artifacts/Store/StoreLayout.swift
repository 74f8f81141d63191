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
    /// The folders that every store has.
    var folders: [String] {
        [root, root + "/objects/sha256", root + "/blobs/sha256", records, staging, runs, temporary, locks]
    }

    func object(_ digest: ContentDigest) -> String {
        "\(root)/objects/sha256/\(digest.hex.prefix(2))/\(digest.hex).jsonl.zst"
    }

    func blob(_ digest: ContentDigest) -> String { "\(root)/blobs/sha256/\(digest.hex.prefix(2))/\(digest.hex)" }

    func path(of reference: ArtifactReference) -> String {
        reference.isBlob ? blob(reference.digest) : object(reference.digest)
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
}
