internal import Artifacts
internal import Pipeline

/// Finds the one artifact that a user means.
struct ArtifactLookup {
    let store: ArtifactStore

    /// Outputs that tell how a result came to be. Where a stage has one other output, that one is what it is for.
    private static let accounts: Set<String> = ["judgements", "ledger", "replies", "training-log"]

    /// - Parameters:
    ///   - text: a digest or the beginning of one, `stage.port`, the name of a stage, or one of the last two within a
    ///     run: `latest/m2.pairs/ledger`.
    ///   - schema: what the command can use; of several outputs of a stage, only those are meant.
    /// - Throws: `CommandError` where nothing or more than one thing fits.
    func one(_ text: String, preferring schema: String? = nil) throws -> ArtifactListing {
        if text.contains("/") { return try one(inRun: text, preferring: schema) }
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

    /// The artifact that `RUN/STAGE`, `RUN/STAGE/PORT` or `RUN/STAGE.PORT` names.
    private func one(inRun text: String, preferring schema: String?) throws -> ArtifactListing {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        let run = try RunReference(parts[0], in: store)
        let port: String?
        let stage: RunReference.Stage
        if let named = run.stage(parts[1]) {
            (stage, port) = (named, parts.count > 2 ? parts[2] : nil)
        } else if parts.count == 2, let dot = parts[1].lastIndex(of: "."),
            let named = run.stage(String(parts[1][..<dot]))
        {
            (stage, port) = (named, String(parts[1][parts[1].index(after: dot)...]))
        } else {
            throw CommandError.noStageInRun(
                parts[1], run: run.id, hint: NameHint(for: parts[1], among: run.stages.map(\.name)))
        }
        if let port, stage.outputs[port] == nil {
            let names = stage.outputs.keys.sorted().map { "\(run.id)/\(stage.name)/\($0)" }
            throw CommandError.noSuchOutput(text, known: names)
        }
        let held = try run.outputs(of: stage, in: store)
        guard let port else {
            let usable = held.filter { $0.reference.schema == schema }
            guard !held.isEmpty else { throw CommandError.outputGone(text, run: run.id) }
            return try main(among: usable.isEmpty ? held : usable, of: stage.name)
        }
        guard let listing = held.first(where: { $0.port == port }) else {
            throw CommandError.outputGone(text, run: run.id)
        }
        return listing
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
