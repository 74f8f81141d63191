internal import Artifacts
internal import Foundation
internal import Stages

/// Preference pairs as TRL's `DPOTrainer` reads them, the prompt apart from the responses.
///
/// Conversational rows leave the chat template to the reader; plain rows are for one that applies none.
struct PreferenceExport {
    private let listing: ArtifactListing
    private let isPlain: Bool
    /// Bytes gathered before one write.
    private static let pieceSize = 1 << 16

    /// - Throws: `CommandError.wrongSchema` for an artifact of other rows.
    init(_ listing: ArtifactListing, isPlain: Bool) throws {
        try listing.demand(PreferencePair.schema, for: "trl")
        self.listing = listing
        self.isPlain = isPlain
    }

    func write(from store: ArtifactStore, to file: URL) throws {
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        var piece: [UInt8] = []
        try store.reader(listing.reference, as: PreferencePair.self).forEach { pair in
            try CanonicalJSON.append(row(pair), to: &piece)
            piece.append(UInt8(ascii: "\n"))
            if piece.count >= Self.pieceSize {
                try handle.write(contentsOf: piece)
                piece.removeAll(keepingCapacity: true)
            }
        }
        try handle.write(contentsOf: piece)
        try handle.close()
    }

    private func row(_ pair: PreferencePair) -> JSONValue {
        [
            "prompt": turn("user", pair.prompt), "chosen": turn("assistant", pair.chosen),
            "rejected": turn("assistant", pair.rejected),
        ]
    }

    private func turn(_ role: JSONValue, _ text: String) -> JSONValue {
        isPlain ? .string(text) : [["role": role, "content": .string(text)]]
    }
}
