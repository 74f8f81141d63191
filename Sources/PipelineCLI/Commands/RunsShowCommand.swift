internal import ArgumentParser
internal import Artifacts
internal import Pipeline

/// `pipeline runs show`.
struct RunsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Say what a run was asked to do and what became of each stage.")

    @OptionGroup var choice: RunChoice
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let store = try storeOptions.open()
        let run = PastRun(try choice.listing(in: store), known: Set(try store.artifacts().map(\.key)))
        if output.json {
            return try Console.print(json: ["schema": "pipeline.past-run/1", "past_run": run.json])
        }
        var facts = TextTable([.left, .left])
        facts.add(["run", run.id])
        facts.add(["pipeline", run.pipeline ?? "–"])
        if let command = run.command {
            facts.add(["file", command.file])
            for overlay in command.overlays { facts.add(["overlay", overlay]) }
            for setting in command.settings { facts.add(["set", setting]) }
            if command.strictNumerics == true { facts.add(["strict", "numerics"]) }
            if command.strictCode == true { facts.add(["strict", "code"]) }
        }
        facts.add(["end", run.end.rawValue])
        if let seconds = run.seconds { facts.add(["took", Quantities.duration(seconds)]) }
        if let text = run.kept.text {
            facts.add([
                "results", run.kept.gone.isEmpty ? text : text + "; re-run that pipeline to rebuild what is missing",
            ])
        }
        for line in facts.lines() { try Console.print(line) }
        guard !run.results.isEmpty else { return }
        try Console.print("")
        var stages = TextTable([.left, .left, .right, .left, .left, .left])
        stages.add(["STAGE", "END", "TOOK", "KEY", "RESULT", "REASON"])
        for result in run.results {
            stages.add([
                result["name"]?.stringValue ?? "–", result["outcome"]?.stringValue ?? "–",
                result["seconds"]?.doubleValue.map(Quantities.duration) ?? "–",
                result["key"]?.stringValue.map { String($0.prefix(12)) } ?? "–", run.result(of: result),
                DisplayText.harmless(result["message"]?.stringValue ?? result["reason"]?.stringValue ?? "")
                    .replacing("\n", with: " "),
            ])
        }
        for line in stages.lines() { try Console.print(line) }
    }
}
