internal import ArgumentParser

/// `pipeline artifacts`: what the store holds.
struct ArtifactsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artifacts", abstract: "List and read what the store holds.",
        discussion: """
            An artifact is named by the beginning of its digest (4 digits or more), by 'stage.port', or by its stage: m2.pairs is what \
            that stage is for, m2.pairs.ledger what it says about that. latest/m2.pairs/ledger is what the newest run \
            had there; any other run goes by its id, or how that begins.
            """,
        subcommands: [
            ArtifactsListCommand.self, ArtifactsShowCommand.self, ArtifactsCatCommand.self, ArtifactsHeadCommand.self,
            ArtifactsSampleCommand.self, ArtifactsStatsCommand.self, ArtifactsPinCommand.self,
            ArtifactsUnpinCommand.self,
        ])

    static let referenceHelp = ArgumentHelp(
        "Digest prefix of 4 digits or more, 'stage.port', a stage, or 'RUN/STAGE/PORT'.", valueName: "ref")
}
