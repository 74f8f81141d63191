/// How a stage runs: what `exec` sets in a pipeline file. Nothing here may change an output, and none of it is in a key.
public struct ExecutionOptions: Sendable, Equatable {
    /// Threads that the stage may compute with.
    public var threads: Int
    /// How many rows one shard holds. A finished shard is never computed again.
    public var shardSize: ShardSize
    /// How many sequences are computed at once, at most; nil leaves the choice to the stage.
    public var batchSize: Int?
    /// Bytes of memory the stage is expected to need; nil when nobody said.
    public var memory: Int?
    /// How many times a failed attempt is made again.
    public var retries: Int
    /// Whether training computes activations again instead of keeping them: less memory for more arithmetic.
    public var checkpointsGradients = false
    /// Whether shards are computed from the last to the first: an audit shows that their order does not matter.
    public var reversesShards = false

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

    /// Rows in one shard of `items` rows: at least 1, and no more than there are.
    public func rows(of items: Int) -> Int {
        let limit = max(1, items)
        switch self {
        case .rows(let rows): return min(max(1, rows), limit)
        case .shards(let shards):
            // No more shards than rows, so that any number a pipeline file can hold may be added up here.
            let shards = min(max(1, shards), limit)
            return max(1, (items + shards - 1) / shards)
        }
    }
}
