/// The paths of a store. All lie on one file system, since files move between them by link and rename.
struct StoreLayout: Sendable {
    let root: String

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

    /// Where rows are found by the ids at `fields`; made when first asked for.
    func rowIndex(_ digest: ContentDigest, fields: [RowPath]) -> String {
        let members = ContentDigest(hashing: Array(fields.map(\.description).joined(separator: "\n").utf8))
        return "\(root)/row-index/\(digest.hex.prefix(2))/\(digest.hex)-\(members.short).idx"
    }

    func record(_ key: ContentDigest) -> String { "\(records)/\(key.hex.prefix(2))/\(key.hex).json" }

    /// Where a second, different result for `key` is noted.
    func divergence(_ key: ContentDigest, outcome: ContentDigest) -> String {
        "\(records)/\(key.hex.prefix(2))/\(key.hex).divergence-\(outcome.short).json"
    }

    func staging(_ key: ContentDigest) -> String { "\(staging)/\(key.hex)" }
    func lock(_ key: ContentDigest) -> String { "\(locks)/\(key.hex)" }
}
