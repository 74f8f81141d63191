internal import Artifacts

/// The artifacts that one was made from, or that were made from it.
struct ArtifactLineage {
    let graph: ArtifactGraph
    /// How many steps to follow.
    var depth = Int.max

    func lineage(of artifact: ArtifactListing, _ direction: LineageDirection) throws -> LineageGraph {
        try LineageWalk(direction: direction, depth: depth).graph(from: Self.neighbour(artifact, as: "")) {
            try neighbours(of: $0, direction)
        }
    }

    private func neighbours(
        of artifact: ArtifactListing, _ direction: LineageDirection
    ) throws -> [LineageNeighbour<ArtifactListing>] {
        switch direction {
        case .up:
            try graph.origins(of: artifact).map { port, origin in
                switch origin {
                case .artifact(let near): Self.neighbour(near, as: port)
                case .outside(let source):
                    LineageNeighbour(role: port, name: "source \(source.digest)") { Self.node(outside: source) }
                }
            }
        case .down: try graph.made(from: artifact).map { Self.neighbour($0.artifact, as: $0.port) }
        }
    }

    private static func neighbour(_ artifact: ArtifactListing, as role: String) -> LineageNeighbour<ArtifactListing> {
        LineageNeighbour(role: role, name: name(artifact), item: artifact) { node(artifact) }
    }

    static func name(_ artifact: ArtifactListing) -> String { "artifact \(artifact.identity)" }

    static func node(_ artifact: ArtifactListing) -> LineageNode {
        let reference = artifact.reference
        let size = reference.isBlob ? Quantities.bytes(reference.bytes) : Quantities.count(reference.rows, "row")
        var json = ArtifactText.json(artifact).objectValue ?? [:]
        json["what"] = "artifact"
        return LineageNode(
            title: artifact.name,
            place: "\(reference.schema), \(size), \(reference.digest.short)"
                + (artifact.isCurrent ? "" : ", replaced since"),
            json: json)
    }

    static func node(outside source: ArtifactParent) -> LineageNode {
        LineageNode(
            title: source.name.map { "source '\($0)'" } ?? "something from outside",
            place: String(source.digest.prefix(12)),
            json: [
                "what": "source", "digest": .string(source.digest), "name": source.name.map { .string($0) } ?? .null,
            ])
    }
}
