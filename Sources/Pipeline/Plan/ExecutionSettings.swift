/// What `exec` of a stage says; nil where it leaves the choice to the run.
public struct ExecutionSettings: Sendable, Equatable {
    public var threads: Int?
    /// Cores that the stage takes in the schedule, and its threads unless `threads` says otherwise.
    public var cpus: Int?
    public var shardSize: ShardSize?
    public var batchSize: Int?
    /// Bytes.
    public var memory: Int?
    public var retries: Int?
    /// See `ExecutionOptions.checkpointsGradients`.
    public var checkpointsGradients: Bool?
    /// How long one attempt may take.
    public var timeout: Duration?
    /// Where `cpus` and `memory` stand, by their names.
    private(set) var places: [String: SourceLocation] = [:]

    /// More than any machine has cores; each thread takes memory for its stack.
    private static let mostThreads = 1024

    static let keys = [
        "threads", "cpus", "shards", "shard_size", "batch", "memory", "retries", "timeout", "gradient_checkpointing",
    ]

    public init() {}

    init(_ node: PlanNode, stage: String) throws {
        let table = try TableReader(node, scope: "exec of stage '\(stage)'", allowed: Self.keys)
        threads = try table.integer("threads", minimum: 1, maximum: Self.mostThreads)
        cpus = try table.integer("cpus", minimum: 1, maximum: Self.mostThreads)
        batchSize = try table.integer("batch", minimum: 1)
        retries = try table.integer("retries", minimum: 0)
        checkpointsGradients = try table.flag("gradient_checkpointing")
        if let rows = try table.integer("shard_size", minimum: 1) {
            shardSize = .rows(rows)
        } else if let shards = try table.integer("shards", minimum: 1) {
            shardSize = .shards(shards)
        }
        if let text = try table.text("memory"), let value = table["memory"] {
            guard let bytes = Quantity.bytes(text) else {
                throw table.wrongType(value, "memory", "a size such as '2GiB' or '512MiB'")
            }
            memory = bytes
        }
        if let text = try table.text("timeout"), let value = table["timeout"] {
            guard let duration = Quantity.duration(text) else {
                throw table.wrongType(value, "timeout", "a time such as '90s', '30m' or '2h'")
            }
            timeout = duration
        }
        for key in ["cpus", "memory"] { places[key] = table[key]?.location }
    }

    /// These settings with what they leave open filled in.
    func options(threads available: Int) -> ExecutionOptions {
        var options = ExecutionOptions(threads: threads ?? cpus ?? available)
        if let shardSize { options.shardSize = shardSize }
        options.batchSize = batchSize
        options.memory = memory
        if let retries { options.retries = retries }
        options.checkpointsGradients = checkpointsGradients ?? false
        return options
    }
}
