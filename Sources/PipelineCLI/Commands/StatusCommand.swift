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
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let forecaster = Forecaster(storeOptions: storeOptions)
        let store = try forecaster.openStore()
        let history = try RunHistory(store: store)
        let plan = try history.load(file, overlay: overlay, command: "status")
        let forecast = try forecaster.forecast(plan, store: store)
        let failures = history.failures(of: plan.name)
        let stages = forecast.stages.map { StageStatus($0, failures: failures) }
        if output.json {
            try Console.print(json: ForecastJSON.document(plan, stages: stages))
        } else {
            try printTable(stages)
        }
        if exitCode, stages.contains(where: { $0.state != .cached }) { throw Failure(.outOfDate) }
    }

    private func printTable(_ stages: [StageStatus]) throws {
        var table = TextTable([.left, .left, .left, .right, .left, .left])
        table.add(["STAGE", "STATE", "KEY", "ROWS", "MADE", "REASON"])
        for stage in stages {
            let forecast = stage.forecast
            let rows = forecast.record.map { record in
                forecast.stage.definition.outputs.compactMap { record.outputs[$0.name] }
                    .map { $0.isBlob ? "–" : "\($0.rows)" }.joined(separator: "+")
            }
            table.add([
                forecast.name, stage.state.rawValue, forecast.key?.digest.short ?? "–", rows ?? "–",
                forecast.record?.createdAt ?? "–", DisplayText.harmless(stage.reason),
            ])
        }
        for line in table.lines() { try Console.print(line) }
        try Console.print("\n" + StageStatus.summary(stages))
    }
}
