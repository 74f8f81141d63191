internal import Artifacts
internal import Foundation
internal import Stages

/// A checkpoint as the Hugging Face folder that it is: a copy of its files.
struct CheckpointExport {
    private let listing: ArtifactListing

    /// - Throws: `CommandError.wrongSchema` for an artifact of other rows.
    init(_ listing: ArtifactListing) throws {
        try listing.demand(CheckpointFile.schema, for: "hf")
        self.listing = listing
    }

    func write(from store: ArtifactStore, to folder: URL) throws {
        try Checkpoint.export(listing.reference, from: store, to: folder)
    }
}
