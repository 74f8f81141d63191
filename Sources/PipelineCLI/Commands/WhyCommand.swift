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
    @Option(
        help: ArgumentHelp("Compare with what this run used: its id, how that begins, or 'latest'.", valueName: "run")
    )
    var against: String?
    @OptionGroup var overlay: OverlayOptions
    @OptionGroup var strictOptions: StrictOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let named = try file.map { try checked(overlay.load($0)) }
        let store = try storeOptions.open()
        let chosen = try named.map { ChosenPlan(plan: $0, strict: strictOptions) } ?? newestPlan(in: store)
        let plan = chosen.plan
        let forecast = try PlanForecast(plan: plan, store: store, strictness: chosen.strict.strictness())
        guard let asked = forecast.stages.first(where: { $0.name == stage }) else { return }
        let past = try against.map { try PastResult(of: stage, in: RunReference($0, in: store), store: store) }
        let account = try StageAccount(asked, forecast: forecast, plan: plan, store: store, against: past)
        if output.json {
            var members = account.json.objectValue ?? [:]
            members["taken_over"] = chosen.takenOver?.json ?? .null
            try Console.print(json: .object(members))
        } else {
            if let takenOver = chosen.takenOver { Console.note(takenOver.line) }
            for line in account.lines { try Console.print(DisplayText.harmless(line)) }
        }
    }

    private func newestPlan(in store: ArtifactStore) throws -> ChosenPlan {
        let chosen = try RunHistory(store: store).newestPlan(
            overlay, strictOptions, command: Invocation.current.command("why", stage))
        _ = try checked(chosen.plan)
        return chosen
    }

    /// `plan`, which has the stage. A stage that is misspelt is told of even where there is no store.
    private func checked(_ plan: PipelinePlan) throws -> PipelinePlan {
        guard plan.stage(named: stage) != nil else { throw CommandError.noStage(stage, in: plan) }
        return plan
    }
}

extension CommandError {
    static func noStage(_ name: String, in plan: PipelinePlan) -> CommandError {
        .noStageNamed(name, file: plan.file, hint: NameHint(for: name, among: plan.stages.map(\.name)))
    }
}
