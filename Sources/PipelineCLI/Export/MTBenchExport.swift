internal import Artifacts
internal import Foundation
internal import Stages

/// Answers to MT-Bench as FastChat's own programs read them: a file of its folder `model_answer`.
struct MTBenchExport {
    private let listing: ArtifactListing
    /// Whom FastChat takes the answers for: it goes by the name of the file.
    private let model: String

    /// - Throws: `CommandError.wrongSchema` for an artifact of other rows.
    init(_ listing: ArtifactListing, file: URL) throws {
        try listing.demand(MTBenchAnswer.schema, for: "mt-bench")
        self.listing = listing
        model = file.deletingPathExtension().lastPathComponent
    }

    func write(from store: ArtifactStore, to file: URL) throws {
        var text: [UInt8] = []
        try store.reader(listing.reference, as: MTBenchAnswer.self).forEach { answer in
            try CanonicalJSON.append(FastChatAnswers.row(answer, model: model), to: &text)
            text.append(UInt8(ascii: "\n"))
        }
        try Data(text).write(to: file)
    }
}
