internal import Artifacts
internal import Pipeline

/// Two runs, or two artifacts, stage by stage.
struct Comparison {
    enum Subject: String {
        case runs, artifacts
    }

    let subject: Subject
    /// What the two sides are called: runs by id, artifacts by name.
    let first: String
    let second: String
    let stages: [StageComparison]

    /// Two runs: stages of the same name are compared.
    init(_ first: RunReference, _ second: RunReference, in store: ArtifactStore) throws {
        subject = .runs
        (self.first, self.second) = (first.id, second.id)
        let others = second.stages.filter { first.stage($0.name) == nil }
        stages =
            try first.stages.map { try Self.compare($0, second.stage($0.name), first, second, in: store) }
            + others.map { try Self.compare(nil, $0, first, second, in: store) }
    }

    private static func compare(
        _ old: RunReference.Stage?, _ new: RunReference.Stage?, _ first: RunReference, _ second: RunReference,
        in store: ArtifactStore
    ) throws -> StageComparison {
        let ports = Set(old.map { Array($0.outputs.keys) } ?? []).union(new.map { Array($0.outputs.keys) } ?? [])
        // What is equal needs not be looked up.
        let isSame = old?.key == new?.key && old?.outputs == new?.outputs
        let held = isSame ? [] : try old.map { try first.outputs(of: $0, in: store) } ?? []
        let made = isSame ? [] : try new.map { try second.outputs(of: $0, in: store) } ?? []
        // A run that did not come to a key has nothing that could be gone.
        let sides = isSame || old?.key == nil || new?.key == nil ? [] : [(first.id, old), (second.id, new)]
        return StageComparison(
            name: old?.name ?? new?.name ?? "", kind: old?.kind ?? new?.kind ?? "",
            change: try change(
                from: old.map { .init(kind: $0.kind, key: $0.key) },
                to: new.map { .init(kind: $0.kind, key: $0.key) },
                in: store),
            outputs: ports.sorted().map { port in
                OutputComparison(
                    port: port, schema: old?.schemas[port] ?? new?.schemas[port] ?? "",
                    oldDigest: old?.outputs[port], newDigest: new?.outputs[port],
                    old: held.first { $0.port == port }, new: made.first { $0.port == port })
            },
            unrecorded: try sides.compactMap { run, stage in
                try stage?.key.flatMap { try store.stageRecord(for: $0) } == nil ? run : nil
            })
    }

    /// Two artifacts, and the stages that made them.
    init(_ first: ArtifactListing, _ second: ArtifactListing, in store: ArtifactStore) throws {
        subject = .artifacts
        (self.first, self.second) = (first.name, second.name)
        let isOneStage = first.stageName == second.stageName
        stages = [
            StageComparison(
                name: isOneStage ? first.stageName : "\(first.stageName) | \(second.stageName)",
                kind: first.kind == second.kind ? first.kind : "\(first.kind) | \(second.kind)",
                change: try Self.change(
                    from: .init(kind: first.kind, key: first.key), to: .init(kind: second.kind, key: second.key),
                    in: store),
                outputs: [
                    OutputComparison(
                        port: first.port == second.port ? first.port : "\(first.port) | \(second.port)",
                        schema: first.reference.schema,
                        oldDigest: first.reference.digest, newDigest: second.reference.digest, old: first, new: second
                    )
                ],
                unrecorded: [])
        ]
    }

    /// A stage on one side.
    private struct Side {
        var kind: String
        /// Nil where its inputs never became known.
        var key: ContentDigest?
    }

    private static func change(
        from old: Side?, to new: Side?, in store: ArtifactStore
    ) throws -> StageComparison.Change {
        guard let new else { return .onlyInFirst }
        guard let old else { return .onlyInSecond }
        if old.kind != new.kind { return .kind(old: old.kind, new: new.kind) }
        guard let oldKey = old.key, let newKey = new.key else { return old.key == new.key ? .none : .notReached }
        if oldKey == newKey { return .none }
        guard let before = try store.stageRecord(for: oldKey), let after = try store.stageRecord(for: newKey) else {
            return .unexplained
        }
        return .reasons(KeyDifference(from: before.preimage, to: after.preimage).reasons)
    }

    var areDifferent: Bool { stages.contains(where: \.isDifferent) }

    /// The outputs that both sides have, and that differ.
    var differentOutputs: [(name: String, output: OutputComparison)] {
        stages.flatMap { stage in
            stage.outputs.filter { $0.isChanged && $0.old != nil && $0.new != nil }.map { output in
                (subject == .artifacts ? "\(first) | \(second)" : "\(stage.name).\(output.port)", output)
            }
        }
    }
}

/// One stage on both sides.
struct StageComparison {
    enum Change {
        case none
        case reasons([MissReason])
        case kind(old: String, new: String)
        case onlyInFirst
        case onlyInSecond
        /// One run did not come so far.
        case notReached
        /// The keys differ, and the store no longer knows what was in them.
        case unexplained
    }

    let name: String
    let kind: String
    let change: Change
    let outputs: [OutputComparison]
    /// The runs whose record of the stage is gone, where the two differ.
    let unrecorded: [String]

    /// A stage whose key changed and whose results did not is different all the same: it ran again.
    var isDifferent: Bool {
        if case .none = change { return outputs.contains { !$0.isSame } }
        return true
    }

    var reasons: [MissReason] { if case .reasons(let reasons) = change { reasons } else { [] } }
}

/// One output port on both sides.
struct OutputComparison {
    let port: String
    /// What its rows are, `blob` for raw bytes.
    let schema: String
    /// Nil where that side has no such output.
    let oldDigest: ContentDigest?
    let newDigest: ContentDigest?
    /// Nil where the store has it no longer, or nobody asked.
    let old: ArtifactListing?
    let new: ArtifactListing?

    var isSame: Bool { oldDigest == newDigest }

    /// Both sides have it, with other contents.
    var isChanged: Bool { oldDigest != nil && newDigest != nil && !isSame }
}
