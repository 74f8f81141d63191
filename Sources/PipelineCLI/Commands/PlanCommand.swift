internal import ArgumentParser
internal import Artifacts
internal import Pipeline

/// `pipeline plan`.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Say what a run would do, and why, without doing it.")

    @Argument(help: ArgumentHelp("The pipeline file.", valueName: "file"))
    var file: String
    @Flag(help: "Show the parameters that were set, and where; the rest have their defaults.")
    var parameters = false
    @Flag(help: "Exit with 10 unless every stage is cached.")
    var exitCode = false
    @OptionGroup var overlay: OverlayOptions
    @OptionGroup var strictOptions: StrictOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let plan = try overlay.load(file)
        let forecaster = Forecaster(storeOptions: storeOptions)
        let store = try forecaster.openStore()
        let forecast = try forecaster.forecast(plan, store: store, strictness: strictOptions.strictness())
        let history = StageHistory(try RunHistory(store: store))
        let stages = forecast.stages.map { StageStatus($0, history: history) }
        if output.json {
            try Console.print(json: ForecastJSON.document(plan, stages: stages))
        } else {
            try printTable(stages)
        }
        if exitCode, stages.contains(where: { $0.state != .cached }) { throw Failure(.outOfDate) }
    }

    private func printTable(_ stages: [StageStatus]) throws {
        var table = TextTable([.left, .left, .left, .left])
        table.add(["STAGE", "KIND", "STATE", "REASON"])
        for stage in stages {
            table.add([
                stage.forecast.name, stage.forecast.stage.kind.rawValue, stage.state.rawValue,
                DisplayText.harmless(stage.reason),
            ])
            if parameters {
                for setting in stage.forecast.stage.settings {
                    let value = Self.value(at: setting.path, in: stage.forecast.stage.parameters)
                    table.add(["  \(setting.path)", "", value, "\(setting.location)"])
                }
            }
        }
        for line in table.lines() { try Console.print(line) }
        try Console.print("\n" + StageStatus.summary(stages))
    }

    private static func value(at path: String, in parameters: JSONValue) -> String {
        let value = path.split(separator: ".").reduce(Optional(parameters)) { $0?[String($1)] }
        let text = value.map(MissReason.parameter) ?? ""
        return DisplayText.clip(DisplayText.harmless(text), to: 40)
    }
}
