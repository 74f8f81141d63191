internal import ArgumentParser
internal import Artifacts
internal import Pipeline

/// `pipeline status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say which results are at hand, how old they are, and what is out of date.")

    @Argument(help: ArgumentHelp("The pipeline file; without it, that of the newest run.", valueName: "file"))
    var file: String?
    @Flag(help: "Exit with 10 unless every stage is cached.")
    var exitCode = false
    @OptionGroup var overlay: OverlayOptions
    @OptionGroup var strictOptions: StrictOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        // A file that was named is read first: what is wrong with it can be said without a store.
        let named = try file.map { try overlay.load($0) }
        let store = try storeOptions.open()
        let history = try RunHistory(store: store)
        let chosen =
            try named.map { ChosenPlan(plan: $0, strict: strictOptions) }
            ?? history.newestPlan(overlay, strictOptions, command: Invocation.current.command("status"))
        let forecast = try PlanForecast(plan: chosen.plan, store: store, strictness: chosen.strict.strictness())
        let past = StageHistory(history)
        let stages = forecast.stages.map { StageStatus($0, history: past) }
        if output.json {
            try Console.print(json: ForecastJSON.document(chosen.plan, takenOver: chosen.takenOver, stages: stages))
        } else {
            if let takenOver = chosen.takenOver { Console.note(takenOver.line) }
            try printTable(stages)
        }
        if exitCode, stages.contains(where: { $0.state != .cached }) { throw Failure(.outOfDate) }
    }

    private func printTable(_ stages: [StageStatus]) throws {
        var table = TextTable([.left, .left, .left, .right, .left, .right, .left])
        table.add(["STAGE", "STATE", "KEY", "ROWS", "MADE", "TOOK", "REASON"])
        for stage in stages {
            let forecast = stage.forecast
            let rows = forecast.record.map { record in
                forecast.stage.definition.outputs.compactMap { record.outputs[$0.name] }
                    .map { $0.isBlob ? "–" : "\($0.rows)" }.joined(separator: "+")
            }
            table.add([
                forecast.name, stage.state.rawValue, forecast.key?.digest.short ?? "–", rows ?? "–",
                forecast.record?.createdAt ?? "–", stage.seconds.map(Quantities.duration) ?? "–",
                DisplayText.harmless(stage.reason),
            ])
        }
        for line in table.lines() { try Console.print(line) }
        try Console.print("\n" + StageStatus.summary(stages))
    }
}
