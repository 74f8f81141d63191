internal import ArgumentParser
internal import Artifacts
internal import Pipeline

/// `pipeline why`.
struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Say why a stage would run, or why it need not.")

    @Argument(help: ArgumentHelp("The stage.", valueName: "stage"))
    var stage: String
    @Argument(help: ArgumentHelp("The pipeline file; without it, that of the newest run.", valueName: "file"))
    var file: String?
    @OptionGroup var overlay: OverlayOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let forecaster = Forecaster(storeOptions: storeOptions)
        let store = try forecaster.openStore()
        let plan = try RunHistory(store: store).load(file, overlay: overlay, command: "why \(stage)")
        guard let planned = plan.stage(named: stage) else {
            throw CommandError.noStage(stage, in: plan)
        }
        let forecast = try forecaster.forecast(plan, store: store)
        guard let asked = forecast.stages.first(where: { $0.name == planned.name }) else { return }
        let account = try StageAccount(asked, forecast: forecast, plan: plan, store: store)
        if output.json {
            try Console.print(json: account.json)
        } else {
            for line in account.lines { try Console.print(DisplayText.harmless(line)) }
        }
    }
}

extension CommandError {
    static func noStage(_ name: String, in plan: PipelinePlan) -> CommandError {
        let near = plan.stages.map { (name: $0.name, distance: EditDistance.between(name, $0.name)) }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        let isNear = near.map { $0.distance <= max(2, name.count / 3) } ?? false
        return .noStageNamed(
            name, file: plan.file, hint: isNear ? near.map { "did you mean '\($0.name)'?" } : nil)
    }
}
