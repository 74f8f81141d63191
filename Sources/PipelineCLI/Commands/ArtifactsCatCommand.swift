internal import ArgumentParser
internal import Artifacts
internal import Foundation

/// `pipeline artifacts cat`.
struct ArtifactsCatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Write an artifact to stdout, as JSON lines or as the bytes it is.")

    @Argument(help: ArgumentHelp("Digest prefix, 'stage.port', or a stage.", valueName: "ref"))
    var reference: String
    @OptionGroup var storeOptions: StoreOptions

    /// Bytes gathered before one write: lines are short, and a system call each would be slow.
    private static let pieceSize = 1 << 16

    func run() async throws {
        let store = try storeOptions.open()
        let listing = try ArtifactLookup(store: store).one(reference)
        if listing.reference.isBlob {
            try copy(store.blobURL(listing.reference.digest))
            return
        }
        var piece = Data(capacity: 2 * Self.pieceSize)
        try store.rowReader(listing.reference).forEachLine { line in
            piece.append(contentsOf: line)
            piece.append(UInt8(ascii: "\n"))
            if piece.count >= Self.pieceSize {
                try Console.write(piece)
                piece.removeAll(keepingCapacity: true)
            }
        }
        try Console.write(piece)
    }

    private func copy(_ file: URL) throws {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        while let piece = try handle.read(upToCount: Self.pieceSize), !piece.isEmpty {
            try Console.write(piece)
        }
    }
}
