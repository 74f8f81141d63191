internal import Artifacts
internal import Pipeline
internal import Stages

/// An input of the stage that made an artifact.
struct ArtifactParent {
    var port: String
    /// 64 hexadecimal digits.
    var digest: String
    /// The output or source that was connected there; nil where nothing tells any more.
    var name: String?
}

/// Finds what an artifact was made from: which content, as its stage's key says; and what that was called, as the plan
/// of the run says that made or reused it.
///
/// Content alone has no name: two stages that wrote the same rows, none for example, share a digest.
struct ArtifactParents {
    let store: ArtifactStore
    private let runs: [RunListing]
    private let known: [ArtifactListing]

    init(store: ArtifactStore) throws {
        self.store = store
        runs = try store.runs()
        known = try store.artifacts()
    }

    func parents(of listing: ArtifactListing) throws -> [ArtifactParent] {
        guard let record = try store.stageRecord(for: listing.key),
            let inputs = record.preimage["inputs"]?.objectValue
        else { return [] }
        let connections = connections(of: listing)
        return inputs.keys.sorted().flatMap { port -> [ArtifactParent] in
            let digests = Self.digests(in: inputs[port] ?? .null)
            let names = connections?[port].map(Self.digests) ?? []
            return digests.enumerated().map { index, digest in
                // An optional output that was left out is missing among the digests: then no name is sure.
                let name =
                    connections == nil
                    ? Self.likelyName(of: digest, port: port, child: listing, among: known)
                    : names.count == digests.count ? names[index] : nil
                return ArtifactParent(port: port, digest: digest, name: name)
            }
        }
    }

    /// The `inputs` of the stage in the newest run that used this result under this name; nil where no such run ended.
    private func connections(of listing: ArtifactListing) -> [String: JSONValue]? {
        for run in runs where run.summary?["pipeline"]?.stringValue == listing.pipeline {
            let isUsed = run.summary?["results"]?.arrayValue?.contains { result in
                result["name"]?.stringValue == listing.stageName && result["key"]?.stringValue == listing.key.hex
            }
            guard isUsed == true, let plan = RunPlan(run: run) else { continue }
            if let inputs = plan.inputs(of: listing.stageName) { return inputs }
        }
        return nil
    }

    /// The newest output of that content that existed before `child` and fits its port.
    private static func likelyName(
        of digest: String, port: String, child: ArtifactListing, among known: [ArtifactListing]
    ) -> String? {
        let definition = StandardStages.registry[StageKind(rawValue: child.kind)]
        guard let port = definition?.inputs.first(where: { $0.name == port }) else { return nil }
        return known.first { candidate in
            candidate.reference.digest.hex == digest && port.accepts(schema: candidate.reference.schema)
                && candidate.createdAt <= child.createdAt && candidate.key != child.key
        }?.name
    }

    /// The texts of one input: a text, or a list of them.
    private static func digests(in value: JSONValue) -> [String] {
        if let digest = value.stringValue { return [digest] }
        return value.arrayValue?.compactMap(\.stringValue) ?? []
    }
}
