internal import Artifacts

/// The artifacts that one was made from, or that were made from it.
struct ArtifactLineage {
    let graph: ArtifactGraph
    /// How many steps to follow.
    var depth = Int.max

    func lineage(of artifact: ArtifactListing, _ direction: LineageDirection) throws -> LineageGraph {
        var lineage = LineageGraph(direction)
        var open = [(node: lineage.node(Self.name(artifact)) { Self.node(artifact) }.position, artifact: artifact)]
        var steps = 0
        while !open.isEmpty {
            guard steps < depth else {
                lineage.isCut = true
                break
            }
            steps += 1
            var next: [(node: Int, artifact: ArtifactListing)] = []
            for (node, artifact) in open {
                for (role, origin) in try neighbours(of: artifact, direction) {
                    let found: (position: Int, isNew: Bool)
                    switch origin {
                    case .artifact(let near):
                        found = lineage.node(Self.name(near)) { Self.node(near) }
                        if found.isNew { next.append((found.position, near)) }
                    case .outside(let source):
                        found = lineage.node("source \(source.digest)") { Self.node(outside: source) }
                    }
                    lineage.connect(node, to: found.position, as: role)
                }
            }
            open = next
        }
        return lineage
    }

    private func neighbours(
        of artifact: ArtifactListing, _ direction: LineageDirection
    ) throws -> [(port: String, origin: ArtifactGraph.Origin)] {
        switch direction {
        case .up: try graph.origins(of: artifact)
        case .down: try graph.made(from: artifact).map { ($0.port, .artifact($0.artifact)) }
        }
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
