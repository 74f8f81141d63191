internal import Artifacts
internal import Pipeline

/// Finds the one artifact that a user means.
struct ArtifactLookup {
    let store: ArtifactStore

    /// Outputs that tell how a result came to be. Where a stage has one other output, that one is what it is for.
    private static let accounts: Set<String> = ["judgements", "ledger", "replies", "training-log"]

    /// - Parameters:
    ///   - text: a digest or the beginning of one, `stage.port`, or the name of a stage.
    ///   - schema: what the command can use; of several outputs of a stage, only those are meant.
    /// - Throws: `CommandError` where nothing or more than one thing fits.
    func one(_ text: String, preferring schema: String? = nil) throws -> ArtifactListing {
        var matches = try store.resolve(text)
        let usable = matches.filter { $0.reference.schema == schema }
        if !usable.isEmpty { matches = usable }
        guard let first = matches.first else {
            let names = try store.artifacts().flatMap { [$0.name, $0.stageName] }
            throw CommandError.unknownReference(text, hint: NameHint(for: text, among: names))
        }
        if matches.allSatisfy({ $0.stageName == text }) { return try main(among: matches, of: text) }
        // Several digests may begin alike; one digest may have several names.
        let digests = Set(matches.map(\.reference.digest))
        if digests.count == 1 || matches.allSatisfy({ $0.name == text }) { return first }
        throw CommandError.ambiguousReference(text, matches: digests.sorted().map(\.short))
    }

    /// The output that a stage is for, among outputs of it.
    private func main(among outputs: [ArtifactListing], of stage: String) throws -> ArtifactListing {
        let results = outputs.filter { !Self.accounts.contains($0.port) }
        let candidates = results.isEmpty ? outputs : results
        guard let first = candidates.first, candidates.allSatisfy({ $0.port == first.port }) else {
            throw CommandError.severalPorts(stage: stage, ports: Set(outputs.map(\.name)).sorted())
        }
        return first
    }
}
