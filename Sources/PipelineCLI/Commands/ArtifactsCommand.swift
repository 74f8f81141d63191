internal import ArgumentParser

/// `pipeline artifacts`: what the store holds.
struct ArtifactsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artifacts", abstract: "List and read what the store holds.",
        discussion: """
            An artifact is named by the beginning of its digest, by 'stage.port', or by its stage: m2.pairs is what \
            that stage is for, m2.pairs.ledger what it says about that.
            """,
        subcommands: [
            ArtifactsListCommand.self, ArtifactsShowCommand.self, ArtifactsCatCommand.self, ArtifactsPinCommand.self,
            ArtifactsUnpinCommand.self,
        ])
}
