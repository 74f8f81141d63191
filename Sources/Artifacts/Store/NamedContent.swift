/// The files of all content that some results name: what they made, and what they were made from.
///
/// By path and not by digest, since an artifact without rows and an empty blob have the same one.
struct NamedContent {
    private(set) var paths: Set<String> = []

    /// - Parameter leftovers: content that is named without a record of how it was made.
    init(of records: some Sequence<StageRecord>, leftovers: Set<ContentDigest> = [], layout: StoreLayout) {
        var made: Set<ContentDigest> = []
        var read: Set<ContentDigest> = []
        for record in records {
            paths.formUnion(record.outputs.values.map(layout.path(of:)))
            paths.formUnion(record.blobs.map(layout.blob))
            made.formUnion(record.outputs.values.map(\.digest))
            read.formUnion(record.inputs)
        }
        // What was read and not made came from outside: a file, or the list of the files of a folder.
        for content in read.union(leftovers).subtracting(made) {
            let list = layout.object(content)
            paths.formUnion([layout.blob(content), list] + Self.files(of: list).map(layout.blob))
        }
    }

    func contains(_ path: String) -> Bool { paths.contains(path) }

    /// The content that the rows of the object at `path` name, if it is a list of files; none where it cannot be read.
    static func files(of path: String) -> [ContentDigest] {
        var digests: [ContentDigest] = []
        try? RowFile(path: path).forEachLine { _, line in digests += try CanonicalJSON.parse(line).digests }
        return digests
    }
}

extension JSONValue {
    /// Every string in it that is a digest.
    var digests: [ContentDigest] {
        switch self {
        case .string(let text): ContentDigest(hex: text).map { [$0] } ?? []
        case .array(let items): items.flatMap(\.digests)
        case .object(let members): members.values.flatMap(\.digests)
        default: []
        }
    }
}
