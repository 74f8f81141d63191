internal import ArgumentParser

/// `pipeline artifacts`: what the store holds.
struct ArtifactsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artifacts", abstract: "List and read what the store holds.",
        discussion: """
            An artifact is named by the beginning of its digest, by 'stage.port', or by its stage where that has one \
            output: m2.pairs.
            """,
        subcommands: [ArtifactsListCommand.self, ArtifactsShowCommand.self, ArtifactsCatCommand.self])
}
