/// How a stage runs: what `exec` sets in a pipeline file. Nothing here may change an output, and none of it is in a key.
public struct ExecutionOptions: Sendable, Equatable {
    /// Threads that the stage may compute with.
    public var threads: Int
    /// How many rows one shard holds. A finished shard is never computed again.
    public var shardSize: ShardSize
    /// How many sequences are computed at once; nil leaves the choice to the stage.
    public var batchSize: Int?
    /// Bytes of memory the stage is expected to need; nil when nobody said.
    public var memory: Int?
    /// How many times a failed attempt is made again.
    public var retries: Int

    public init(
        threads: Int = 1, shardSize: ShardSize = .rows(64), batchSize: Int? = nil, memory: Int? = nil,
        retries: Int = 0
    ) {
        self.threads = threads
        self.shardSize = shardSize
        self.batchSize = batchSize
        self.memory = memory
        self.retries = retries
    }
}

/// How the rows of a stage are cut into shards.
public enum ShardSize: Sendable, Equatable {
    /// Shards of so many rows, the last one perhaps shorter.
    case rows(Int)
    /// So many shards of about equal size.
    case shards(Int)

    /// Rows in one shard of `items` rows; at least 1.
    public func rows(of items: Int) -> Int {
        switch self {
        case .rows(let rows): max(1, rows)
        case .shards(let shards): max(1, (items + max(1, shards) - 1) / max(1, shards))
        }
    }
}
