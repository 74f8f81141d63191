internal import Artifacts
internal import Foundation
internal import Stages

/// A model's responses as AlpacaEval reads them: a JSON list of `{instruction, output, generator, dataset, datasplit}`.
struct AlpacaEvalExport {
    private let listing: ArtifactListing
    /// How the model is called on a leaderboard.
    private let generator: String

    /// What the official files have there.
    private static let datasplit = "eval"
    /// Where nothing tells what a prompt is from.
    private static let unknown = "unknown"

    /// What an export left out of the file, since it has room for one output of each instruction.
    struct Account {
        var outputs = 0
        /// Responses to a prompt beyond its first.
        var further = 0
        /// Prompts that the model's context had no room for; their output is empty.
        var missing = 0
    }

    /// - Parameter generator: by default the stage that sampled the responses.
    /// - Throws: `CommandError.wrongSchema` for an artifact of other rows.
    init(_ listing: ArtifactListing, generator: String?) throws {
        try listing.demand(Candidate.schema, for: "alpaca-eval")
        self.listing = listing
        self.generator = generator ?? listing.stageName
    }

    func write(from store: ArtifactStore, to file: URL) throws -> Account {
        let datasets = try datasets(in: store)
        var account = Account(), seen: Set<String> = []
        var text = Array("[".utf8)
        try store.reader(listing.reference, as: Candidate.self).forEach { candidate in
            guard seen.insert(candidate.promptID).inserted else {
                account.further += 1
                return
            }
            text += Array((account.outputs == 0 ? "\n" : ",\n").utf8)
            try CanonicalJSON.append(row(candidate, dataset: datasets[candidate.promptID]), to: &text)
            account.outputs += 1
            if candidate.isMissing { account.missing += 1 }
        }
        text += Array("\n]\n".utf8)
        try Data(text).write(to: file)
        return account
    }

    private func row(_ candidate: Candidate, dataset: String?) -> JSONValue {
        [
            "instruction": .string(candidate.prompt), "output": .string(candidate.text),
            "generator": .string(generator), "dataset": .string(dataset ?? Self.unknown),
            "datasplit": .string(Self.datasplit),
        ]
    }

    /// The data set of each prompt that came from a file: `import-prompts` wrote it down beside the prompts.
    private func datasets(in store: ArtifactStore) throws -> [String: String] {
        let prompts = try ArtifactParents(store: store).parents(of: listing).filter { $0.port == "prompts" }.map(
            \.digest)
        let sources = try store.artifacts().filter { prompts.contains($0.reference.digest.hex) }.map(\.key)
        let records = try ([listing.key] + sources).compactMap { try store.stageRecord(for: $0) }
        let origins = try records.flatMap { record -> [PromptOrigin] in
            guard let reference = record.outputs["origins"], reference.schema == PromptOrigin.schema.description
            else { return [] }
            return try store.reader(reference, as: PromptOrigin.self).all()
        }
        return Dictionary(
            origins.compactMap { origin in origin.dataset.map { (origin.promptID, $0) } },
            uniquingKeysWith: { first, _ in first })
    }
}
