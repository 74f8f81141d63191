internal import ArgumentParser
internal import Artifacts
internal import Foundation

/// `pipeline artifacts cat`.
struct ArtifactsCatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Write an artifact to stdout, as JSON lines or as the bytes it is.")

    @Argument(help: ArtifactsCommand.referenceHelp)
    var reference: String
    @OptionGroup var filter: WhereOption
    @OptionGroup var storeOptions: StoreOptions

    private static let pieceSize = 1 << 16

    func run() async throws {
        let condition = try filter.condition()
        let store = try storeOptions.open()
        let listing = try ArtifactLookup(store: store).one(reference)
        if let condition {
            var lines = RowLines()
            let rows = try ChosenRows(of: listing, in: store, where: condition)
            try rows.forEach { _, row in try lines.write(row) }
            try lines.finish()
            return try rows.reportCondition()
        }
        if listing.reference.isBlob {
            try copy(store.blobURL(listing.reference.digest))
            return
        }
        var lines = RowLines()
        try store.rowReader(listing.reference).forEachLine { try lines.write($0) }
        try lines.finish()
    }

    private func copy(_ file: URL) throws {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        while let piece = try handle.read(upToCount: Self.pieceSize), !piece.isEmpty {
            try Console.write(piece)
        }
    }
}
