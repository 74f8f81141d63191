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
        let walk = LineageWalk(direction: direction, depth: depth, limit: Self.limit)
        return try walk.graph(from: Self.neighbour(row, as: "")) { row in
            switch direction {
            case .up: try parents(of: row) + sources(of: row)
            case .down: try children(of: row)
            }
        }
    }

    private func parents(of row: PlacedRow) throws -> [LineageNeighbour<PlacedRow>] {
        try finder.parents(of: row).map { role, parent in
            switch parent {
            case .row(let parent): Self.neighbour(parent, as: role)
            case .missing(let id, let relation, let lost):
                LineageNeighbour(role: role, name: "missing \(role) \(id)") {
                    Self.node(missing: id, relation, lost: lost)
                }
            }
        }
    }

    /// The file from outside that a seed row was taken from.
    private func sources(of row: PlacedRow) throws -> [LineageNeighbour<PlacedRow>] {
        guard let field = RowRelations.outsideField(of: row.schema), let item = row.row.value[field]?.stringValue
        else { return [] }
        return try finder.graph.origins(of: row.artifact).compactMap { port, origin in
            guard port == "trees", case .outside(let source) = origin else { return nil }
            return LineageNeighbour(role: "from", name: "\(field) \(item) \(source.digest)") {
                var node = ArtifactLineage.node(outside: source)
                node.place = "\(field) '\(item)'"
                node.json["item"] = .string(item)
                return node
            }
        }
    }

    private func children(of row: PlacedRow) throws -> [LineageNeighbour<PlacedRow>] {
        let data = row.artifact
        return try finder.children(of: row).map { Self.neighbour($0.row, as: $0.role) }
            + trained(on: data).map { model in
                LineageNeighbour(role: "training data", name: ArtifactLineage.name(model)) {
                    var node = ArtifactLineage.node(model)
                    let rows = Quantities.count(data.reference.rows, "row")
                    node.place = "trained (\(model.kind)) on the \(rows) of \(data.name)"
                    return node
                }
            }
    }

    private static func neighbour(_ row: PlacedRow, as role: String) -> LineageNeighbour<PlacedRow> {
        LineageNeighbour(role: role, name: row.name, item: row) { node(row) }
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
