internal import ArgumentParser
internal import Artifacts
internal import Pipeline

/// `pipeline runs ls`.
struct RunsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List runs, the newest first.")

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let store = try storeOptions.open()
        let known = Set(try store.artifacts().map(\.key))
        let runs = try store.runs().map { PastRun($0, known: known) }
        if output.json {
            try Console.print(json: ["schema": "pipeline.runs/1", "runs": .array(runs.map(\.json))])
            return
        }
        guard !runs.isEmpty else { return Console.note("no runs") }
        var table = TextTable([.left, .left, .left, .right, .right, .right, .right, .right, .left])
        table.add(["RUN", "PIPELINE", "END", "CACHED", "RAN", "FAILED", "SKIPPED", "TOOK", "RESULTS"])
        for run in runs {
            let counts = ["cached", "ran", "failed", "skipped"].map { run.count($0).map(String.init) ?? "–" }
            table.add(
                [run.id, run.pipeline ?? "–", run.end.rawValue] + counts
                    + [run.seconds.map(Quantities.duration) ?? "–", run.kept.text ?? "–"])
        }
        for line in table.lines() { try Console.print(line) }
    }
}
