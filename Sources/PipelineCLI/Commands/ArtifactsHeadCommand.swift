internal import ArgumentParser
internal import Artifacts

/// `pipeline artifacts head`.
struct ArtifactsHeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "head", abstract: "Write the first rows of an artifact to stdout, as JSON lines.")

    @Argument(help: ArtifactsCommand.referenceHelp)
    var reference: String
    @OptionGroup var rowCount: RowCountOption
    @OptionGroup var filter: WhereOption
    @OptionGroup var storeOptions: StoreOptions

    func run() async throws {
        let condition = try filter.condition()
        let store = try storeOptions.open()
        let listing = try ArtifactLookup(store: store).one(reference)
        let rows = try ChosenRows(of: listing, in: store, where: condition)
        var lines = RowLines()
        for row in try rows.first(rowCount.count) { try lines.write(row) }
        try lines.finish()
        try rows.reportCondition()
    }
}

/// `pipeline artifacts sample`.
struct ArtifactsSampleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample", abstract: "Write rows drawn by lot to stdout, as JSON lines in the artifact's order.",
        discussion: "The same seed draws the same rows; fewer rows are some of those that more would be.")

    @Argument(help: ArtifactsCommand.referenceHelp)
    var reference: String
    @OptionGroup var rowCount: RowCountOption
    @Option(help: "What the lot depends on.")
    var seed: UInt64 = 0
    @OptionGroup var filter: WhereOption
    @OptionGroup var storeOptions: StoreOptions

    func run() async throws {
        let condition = try filter.condition()
        let store = try storeOptions.open()
        let listing = try ArtifactLookup(store: store).one(reference)
        let rows = try ChosenRows(of: listing, in: store, where: condition)
        var lines = RowLines()
        for row in try rows.picked(by: RowSample(count: rowCount.count, seed: seed)) { try lines.write(row) }
        try lines.finish()
        try rows.reportCondition()
    }
}
