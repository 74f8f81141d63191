internal import Artifacts

/// The shards of one list of rows, as files in staging.
struct ShardList<R: Record> {
    let name: String
    let items: Int
    let rowsPerShard: Int
    private let staging: StagingFolder

    init(name: String, items: Int, size: ShardSize, staging: StagingFolder) throws {
        self.name = name
        self.items = items
        self.staging = staging
        rowsPerShard = size.rows(of: items)
    }

    var count: Int { (items + rowsPerShard - 1) / rowsPerShard }

    func range(_ index: Int) -> Range<Int> {
        index * rowsPerShard..<min(items, (index + 1) * rowsPerShard)
    }

    /// The rows of a shard that an earlier attempt finished, or nil.
    func finished(_ index: Int) throws -> [R]? { nil }

    /// Puts a finished shard into staging.
    func publish(_ rows: [R], _ index: Int) throws {}
}
