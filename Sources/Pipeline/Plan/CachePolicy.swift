/// How a stage uses the results that the store holds: `cache: false`, or `cache: {read: false}`.
public struct CachePolicy: Sendable, Equatable {
    /// Whether an earlier result may be reused. A stage that does not reads nothing and computes each time; what then
    /// comes out differently from the accepted result is a divergence.
    public var reads: Bool
    /// Whether the result is recorded, for later runs to reuse.
    public var writes: Bool

    private static let expected = "true, false or a table of 'read' and 'write'"

    public init(reads: Bool = true, writes: Bool = true) {
        self.reads = reads
        self.writes = writes
    }

    /// Reads `true`, `false`, or a table that says which half is meant; what it leaves out is true.
    init(_ node: PlanNode, stage: String) throws {
        switch node.content {
        case .table:
            let table = try TableReader(node, scope: "cache of stage '\(stage)'", allowed: ["read", "write"])
            self.init(reads: try table.flag("read") ?? true, writes: try table.flag("write") ?? true)
        case .scalar, .list:
            guard let text = node.text, let flag = Bool(text) else {
                throw PipelineError.wrongType(
                    scope: "stage '\(stage)'", what: "cache", expected: Self.expected, found: node.typeName,
                    at: node.location)
            }
            self.init(reads: flag, writes: flag)
        }
    }
}
