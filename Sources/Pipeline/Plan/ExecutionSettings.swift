/// What `exec` of a stage says; nil where it leaves the choice to the run.
public struct ExecutionSettings: Sendable, Equatable {
    public var threads: Int?
    public var shardSize: ShardSize?
    public var batchSize: Int?
    /// Bytes.
    public var memory: Int?
    public var retries: Int?

    /// More than any machine has cores; each thread takes memory for its stack.
    private static let mostThreads = 1024

    static let keys = ["threads", "shards", "shard_size", "batch", "memory", "retries"]

    public init() {}

    init(_ node: PlanNode, stage: String) throws {
        let table = try TableReader(node, scope: "exec of stage '\(stage)'", allowed: Self.keys)
        threads = try table.integer("threads", minimum: 1, maximum: Self.mostThreads)
        batchSize = try table.integer("batch", minimum: 1)
        retries = try table.integer("retries", minimum: 0)
        if let rows = try table.integer("shard_size", minimum: 1) {
            shardSize = .rows(rows)
        } else if let shards = try table.integer("shards", minimum: 1) {
            shardSize = .shards(shards)
        }
        if let text = try table.text("memory"), let value = table["memory"] {
            guard let bytes = Self.bytes(text) else {
                throw table.wrongType(value, "memory", "a size such as '2GiB' or '512MiB'")
            }
            memory = bytes
        }
    }

    /// Reads `2GiB`, `512MiB`, `1.5G` or plain bytes; nil for anything else.
    package static func bytes(_ text: String) -> Int? {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        let factors: [String: Double] = [
            "": 1, "b": 1, "k": 1024, "kib": 1024, "kb": 1e3, "m": 1_048_576, "mib": 1_048_576, "mb": 1e6,
            "g": 1_073_741_824, "gib": 1_073_741_824, "gb": 1e9, "t": 1_099_511_627_776, "tib": 1_099_511_627_776,
        ]
        guard let number = Double(digits), let factor = factors[unit] else { return nil }
        return Int(exactly: (number * factor).rounded())
    }

    /// These settings with what they leave open filled in.
    func options(threads available: Int) -> ExecutionOptions {
        var options = ExecutionOptions(threads: threads ?? available)
        if let shardSize { options.shardSize = shardSize }
        options.batchSize = batchSize
        options.memory = memory
        if let retries { options.retries = retries }
        return options
    }
}
