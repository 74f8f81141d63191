internal import Artifacts

/// An input of the stage that made an artifact.
struct ArtifactParent {
    var port: String
    /// 64 hexadecimal digits.
    var digest: String
    /// The output that has this content, where the store knows one; nil for what came from outside.
    var name: String?
}

/// Finds what an artifact was made from, as its stage's key says.
struct ArtifactParents {
    let store: ArtifactStore

    func parents(of listing: ArtifactListing) throws -> [ArtifactParent] {
        guard let record = try store.stageRecord(for: listing.key),
            let inputs = record.preimage["inputs"]?.objectValue
        else { return [] }
        var names: [String: String] = [:]
        for known in try store.artifacts() where names[known.reference.digest.hex] == nil {
            names[known.reference.digest.hex] = known.name
        }
        return inputs.keys.sorted().flatMap { port in
            Self.digests(in: inputs[port] ?? .null).map { digest in
                ArtifactParent(port: port, digest: digest, name: names[digest])
            }
        }
    }

    /// The digests of one input port: a text, or a list of them.
    private static func digests(in value: JSONValue) -> [String] {
        if let digest = value.stringValue { return [digest] }
        return value.arrayValue?.compactMap(\.stringValue) ?? []
    }
}
