internal import ArgumentParser

/// `pipeline runs`.
struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Look at the runs that a store remembers.",
        subcommands: [RunsListCommand.self, RunsShowCommand.self, RunsLogsCommand.self])
}
