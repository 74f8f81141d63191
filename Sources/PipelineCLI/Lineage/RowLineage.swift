internal import Artifacts
internal import Stages

/// The rows that one came from, or that came from it; and the training that read these.
struct RowLineage {
    let finder: RowFinder
    /// How many steps to follow.
    var depth = Int.max

    /// A seed example can have an offspring of thousands: more rows than this help nobody.
    private static let limit = 5000

    func lineage(of row: PlacedRow, _ direction: LineageDirection) throws -> LineageGraph {
        var lineage = LineageGraph(direction)
        var open = [(node: lineage.node(row.name) { Self.node(row) }.position, row: row)]
        var steps = 0
        while !open.isEmpty {
            guard steps < depth, lineage.nodes.count < Self.limit else {
                lineage.isCut = true
                break
            }
            steps += 1
            var next: [(node: Int, row: PlacedRow)] = []
            for (node, row) in open {
                switch direction {
                case .up: next += try addParents(of: row, at: node, to: &lineage)
                case .down: next += try addChildren(of: row, at: node, to: &lineage)
                }
            }
            open = next
        }
        return lineage
    }

    private func addParents(
        of row: PlacedRow, at node: Int, to lineage: inout LineageGraph
    ) throws -> [(node: Int, row: PlacedRow)] {
        var next: [(node: Int, row: PlacedRow)] = []
        for (role, parent) in try finder.parents(of: row) {
            let found: (position: Int, isNew: Bool)
            switch parent {
            case .row(let parent):
                found = lineage.node(parent.name) { Self.node(parent) }
                if found.isNew { next.append((found.position, parent)) }
            case .missing(let id, let relation, let lost):
                found = lineage.node("missing \(role) \(id)") { Self.node(missing: id, relation, lost: lost) }
            }
            lineage.connect(node, to: found.position, as: role)
        }
        try addSource(of: row, at: node, to: &lineage)
        return next
    }

    /// The file from outside that a seed row was taken from.
    private func addSource(of row: PlacedRow, at node: Int, to lineage: inout LineageGraph) throws {
        guard let field = RowRelations.outsideField(of: row.schema), let item = row.row.value[field]?.stringValue
        else { return }
        for (port, origin) in try finder.graph.origins(of: row.artifact) where port == "trees" {
            guard case .outside(let source) = origin else { continue }
            let found = lineage.node("\(field) \(item) \(source.digest)") {
                var node = ArtifactLineage.node(outside: source)
                node.place = "\(field) '\(item)'"
                node.json["item"] = .string(item)
                return node
            }
            lineage.connect(node, to: found.position, as: "from")
        }
    }

    private func addChildren(
        of row: PlacedRow, at node: Int, to lineage: inout LineageGraph
    ) throws -> [(node: Int, row: PlacedRow)] {
        var next: [(node: Int, row: PlacedRow)] = []
        for (role, child) in try finder.children(of: row) {
            let found = lineage.node(child.name) { Self.node(child) }
            if found.isNew { next.append((found.position, child)) }
            lineage.connect(node, to: found.position, as: role)
        }
        for model in try trained(on: row.artifact) {
            let found = lineage.node(ArtifactLineage.name(model)) {
                var node = ArtifactLineage.node(model)
                let rows = Quantities.count(row.artifact.reference.rows, "row")
                node.place = "trained (\(model.kind)) on the \(rows) of \(row.artifact.name)"
                return node
            }
            lineage.connect(node, to: found.position, as: "training data")
        }
        return next
    }

    /// The models that were trained on the rows of `artifact`.
    private func trained(on artifact: ArtifactListing) throws -> [ArtifactListing] {
        try finder.graph.made(from: artifact).map(\.artifact).filter {
            RowFinder.schemaName($0) == CheckpointFile.schema.name
        }
    }

    // MARK: Nodes

    private static func node(_ row: PlacedRow) -> LineageNode {
        LineageNode(
            title: "\(row.schema) \(row.id)", place: "row \(row.row.position + 1) of \(place(row.artifact))",
            texts: RowSummary.texts(row.row.value, schema: row.schema),
            json: [
                "what": "row", "id": .string(row.id), "record": .string(row.artifact.reference.schema),
                "artifact": .string(row.artifact.name), "digest": .string(row.artifact.reference.digest.hex),
                "row": .integer(Int64(row.row.position + 1)), "value": row.row.value,
            ])
    }

    private static func place(_ artifact: ArtifactListing) -> String {
        artifact.isCurrent ? artifact.name : "\(artifact.name) as it was (\(artifact.reference.digest.short))"
    }

    private static func node(missing id: String, _ relation: RowRelation, lost: [ArtifactListing]) -> LineageNode {
        let kinds = Set(relation.parents.map(\.schema)).sorted()
        let files = lost.map { "\($0.name) (\($0.reference.digest.short))" }
        return LineageNode(
            title: "\(kinds.joined(separator: " or ")) \(id)", place: "in no artifact of this store",
            texts: files.isEmpty
                ? [] : ["missing from the store: \(files.joined(separator: ", ")); re-run to rebuild"],
            json: [
                "what": "missing", "id": .string(id), "records": .array(kinds.map { .string($0) }),
                "lost": .array(lost.map { .string($0.reference.digest.hex) }),
            ])
    }
}
