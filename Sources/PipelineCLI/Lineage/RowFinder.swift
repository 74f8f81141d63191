internal import Artifacts
internal import Stages

/// A row and the artifact that it is in.
struct PlacedRow {
    var row: FoundRow
    var artifact: ArtifactListing

    var id: String { row.value["id"]?.stringValue ?? "" }
    /// One row has several names where two artifacts have the same content.
    var name: String { "row \(artifact.reference.digest.hex) \(artifact.reference.schema) \(row.position)" }
    var schema: String { RowFinder.schemaName(artifact) }
}

/// Finds rows by what they name, through the indexes of the artifacts in question.
final class RowFinder {
    let graph: ArtifactGraph
    private var lookups: [String: RowLookup] = [:]
    private var ancestry: [String: [ArtifactListing]] = [:]
    private var descent: [String: [ArtifactListing]] = [:]

    init(graph: ArtifactGraph) { self.graph = graph }

    /// The name of an artifact's schema, without its version.
    static func schemaName(_ artifact: ArtifactListing) -> String {
        RecordSchema(artifact.reference.schema)?.name ?? artifact.reference.schema
    }

    /// The row of `artifact` that `text` names.
    /// - Throws: `CommandError.notRows`, and as `RowSearch` does.
    func row(_ text: String, in artifact: ArtifactListing) throws -> PlacedRow {
        guard !artifact.reference.isBlob else { throw CommandError.notRows(artifact.name) }
        let search = RowSearch(artifact: artifact, lookup: try lookup(artifact))
        return PlacedRow(row: try search.row(text), artifact: artifact)
    }

    /// What a row names as one of its parents.
    enum Parent {
        case row(PlacedRow)
        /// No artifact of the store has it.
        /// - Parameter lost: artifacts where it may have been, whose files are gone.
        case missing(id: String, relation: RowRelation, lost: [ArtifactListing])
    }

    /// The rows that `child` came from, by the roles that they have for it.
    func parents(of child: PlacedRow) throws -> [(role: String, parent: Parent)] {
        try RowRelations.parents(of: child.schema).flatMap { relation in
            try RowPath(relation.field).texts(in: child.row.value).map { id in
                (relation.role, try parent(id, as: relation, of: child))
            }
        }
    }

    private func parent(_ id: String, as relation: RowRelation, of child: PlacedRow) throws -> Parent {
        var lost: [ArtifactListing] = []
        for artifact in try searched(for: child.artifact) {
            let schema = Self.schemaName(artifact)
            for place in relation.parents where place.schema == schema {
                do {
                    let found = try lookup(artifact).rows(with: id, at: RowPath(place.key), limit: 1)
                    if let row = found.first { return .row(PlacedRow(row: row, artifact: artifact)) }
                } catch ArtifactError.missingObject {
                    lost.append(artifact)
                }
            }
        }
        return .missing(id: id, relation: relation, lost: lost)
    }

    /// The rows that name `parent`, in what was made from its artifact.
    func children(of parent: PlacedRow) throws -> [(role: String, row: PlacedRow)] {
        var found: [(String, PlacedRow)] = []
        for artifact in try descent(of: parent.artifact) {
            let schema = Self.schemaName(artifact)
            for child in RowRelations.children(of: parent.schema) where child.schema == schema {
                for id in RowPath(child.key).texts(in: parent.row.value) {
                    do {
                        found += try lookup(artifact).rows(with: id, at: RowPath(child.relation.field)).map {
                            (child.relation.role, PlacedRow(row: $0, artifact: artifact))
                        }
                    } catch ArtifactError.missingObject {
                        // A file that is gone names nothing; what was made from it is found in what else is there.
                    }
                }
            }
        }
        return found
    }

    /// Where a parent may be: among what the artifact was made from, the nearest first, then anywhere.
    private func searched(for artifact: ArtifactListing) throws -> [ArtifactListing] {
        let name = ArtifactLineage.name(artifact)
        if let found = ancestry[name] { return found }
        let near = try graph.ancestry(of: artifact)
        let known = Set(near.map(\.identity))
        let all = near + graph.artifacts.filter { !known.contains($0.identity) }
        ancestry[name] = all
        return all
    }

    private func descent(of artifact: ArtifactListing) throws -> [ArtifactListing] {
        let name = ArtifactLineage.name(artifact)
        if let known = descent[name] { return known }
        let found = try graph.descent(of: artifact)
        descent[name] = found
        return found
    }

    private func lookup(_ artifact: ArtifactListing) throws -> RowLookup {
        let name = "\(artifact.reference.digest.hex) \(artifact.reference.schema)"
        if let known = lookups[name] { return known }
        let fields = RowRelations.idFields(of: Self.schemaName(artifact)).map { RowPath($0) }
        let lookup = try graph.store.rowLookup(artifact.reference, fields: fields)
        lookups[name] = lookup
        return lookup
    }
}
