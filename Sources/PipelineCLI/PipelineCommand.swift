internal import ArgumentParser
internal import Foundation

@main
struct PipelineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipeline",
        abstract: "Run Self-Rewarding Language Models as a graph of stages that never run twice.",
        discussion: """
            Exit codes: 0 done · 1 a stage failed · 2 usage or pipeline file · 3 finished with failures under -k · \
            10 out of date (--exit-code) · 12 integrity · 13 not reproducible · 14 not as locked · \
            15 store missing, foreign, newer, in use or not writable · 70 bug · 130/143 interrupted in good order.
            """,
        version: ProgramVersion.text,
        subcommands: [
            RunCommand.self, PlanCommand.self, StatusCommand.self, WhyCommand.self, GraphCommand.self,
            LineageCommand.self, DiffCommand.self, CompareCommand.self, ReportCommand.self, ArtifactsCommand.self,
            RunsCommand.self, VerifyCommand.self, AuditCommand.self, LockCommand.self, GcCommand.self,
            ExportCommand.self, ImportCommand.self, ChatCommand.self, DoctorCommand.self, VersionCommand.self,
        ])

    static func main() async {
        Console.occupyClosedStreams()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Says what went wrong and ends the process with its number.
    private static func end(with error: any Error) -> Never {
        let wantsJSON = CommandLine.arguments.contains("--json")
        var failure: Failure
        if exitCode(for: error) == .success {
            // Help, a version, a completion script: data that was asked for.
            try? Console.print(fullMessage(for: error))
            Foundation.exit(ExitStatus.success.rawValue)
        } else if exitCode(for: error) == .validationFailure {
            failure = Failure(.usage, message(for: error))
            Console.note(fullMessage(for: error))
        } else {
            failure = Failure(error)
            if let message = failure.message, !failure.isSaid {
                Console.note("error: " + DisplayText.harmless(message))
            }
        }
        if wantsJSON { Console.note(failure.jsonLine()) }
        Foundation.exit(failure.status.rawValue)
    }
}
