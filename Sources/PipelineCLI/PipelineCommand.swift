import ArgumentParser

@main
struct PipelineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipeline", abstract: "Runs Self-Rewarding Language Models.")
}
