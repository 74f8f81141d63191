internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Pipeline
internal import Stages

/// `pipeline audit`.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Execute stages again and compare every byte with what the store holds.",
        discussion: """
            Stages run apart from the store, with other threads, shard and batch sizes, in the other order, under \
            another locale, time zone and temporary folder: none of that may change a result. It ends with 13 where an \
            output is not identical. On a processor or with a numerical library other than those of the result, numbers \
            that are close count as reproduced.
            """)

    @Argument(help: ArgumentHelp("The stages; without any, all of them.", valueName: "stage"))
    var stages: [String] = []
    @Option(
        help: ArgumentHelp(
            "Of stages that work row by row (sample, judge, reference-logps) compute this share of the rows; where no "
                + "stage is named, only those.", valueName: "percent"), transform: Percentage.share)
    var sample: Double?
    @Option(help: ArgumentHelp("Which rows a sample takes; without it, others each time.", valueName: "n"))
    var seed: UInt64?
    @Option(help: ArgumentHelp("The largest relative difference of numbers that counts as close.", valueName: "x"))
    var tolerance = 1e-4
    @Option(help: ArgumentHelp("The pipeline file; without it, that of the newest run.", valueName: "file"))
    var file: String?
    @OptionGroup var overlay: OverlayOptions
    @OptionGroup var strictOptions: StrictOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var threadOptions: ThreadOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard tolerance >= 0, tolerance.isFinite else {
            throw ValidationError("--tolerance is \(tolerance); it must be a number from 0 up")
        }
    }

    func run() async throws {
        let store = try storeOptions.open()
        AuditSurroundings.enter(temporary: store.root)
        let choice =
            try file.map { ChosenPlan(plan: try overlay.load($0), strict: strictOptions) }
            ?? RunHistory(store: store).newestPlan(
                overlay, strictOptions, command: Invocation.current.command("audit", "--file"))
        let plan = choice.plan
        if let takenOver = choice.takenOver, !output.json { Console.note(takenOver.line) }
        for name in stages where plan.stage(named: name) == nil { throw CommandError.noStage(name, in: plan) }
        let forecast = try PlanForecast(plan: plan, store: store, strictness: choice.strict.strictness())
        let seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let stop = StopSignal()
        let auditor = StageAuditor(
            plan: plan, forecast: forecast, store: store,
            options: AuditOptions(
                execution: execution, share: sample ?? 1, seed: seed, tolerance: tolerance,
                blobDifference: Checkpoint.largestDifference), stop: stop)
        let interrupts = Interrupts {
            stop.raise()
        } onSecond: {
        }
        defer { withExtendedLifetime(interrupts) {} }

        var audits: [AuditReport.Entry] = []
        for stage in try chosen(forecast) {
            if !output.json { Console.note("\(stage.name): executing again") }
            do {
                let audit = try await auditor.audit(stage.name)
                audits.append(AuditReport.Entry(audit, of: stage.record, here: .current()))
            } catch {
                // What was found out so far took its time.
                if !audits.isEmpty {
                    try say(AuditReport(audits, execution: execution, sample: sample, seed: seed), choice.takenOver)
                }
                throw error
            }
        }
        let report = AuditReport(audits, execution: execution, sample: sample, seed: seed)
        try say(report, choice.takenOver)
        if report.isDamaged { throw Failure(said: .integrity, report.conclusion) }
        if !report.isReproduced { throw Failure(said: .notReproducible, report.conclusion) }
    }

    private func say(_ report: AuditReport, _ takenOver: TakenOver?) throws {
        if output.json {
            var members = report.json.objectValue ?? [:]
            members["taken_over"] = takenOver?.json ?? .null
            return try Console.print(json: .object(members))
        }
        for line in report.lines { try Console.print(DisplayText.harmless(line)) }
    }

    private func chosen(_ forecast: PlanForecast) throws -> [StageForecast] {
        try forecast.stages.filter { stage in
            if !stages.isEmpty { return stages.contains(stage.name) }
            return try sample == nil || stage.stage.rowPort() != nil
        }
    }

    /// Odd sizes, and the number of threads that runs do not use.
    private var execution: ExecutionOptions {
        var execution = ExecutionOptions(
            threads: threadOptions.count == 1 ? 2 : 1, shardSize: .rows(7), batchSize: 3)
        execution.reversesShards = true
        execution.checkpointsGradients = true
        return execution
    }
}

/// The locale, time zone and temporary folder of an audit.
enum AuditSurroundings {
    static let locale = "tr_TR.UTF-8"
    static let timeZone = "Asia/Kathmandu"
    private static let mark = "PIPELINE_AUDIT"

    /// Starts the program again in other surroundings, since much of them is read once when a program begins.
    ///
    /// Where it cannot, it goes on in those it has, and the report says so.
    static func enter(temporary folder: URL) {
        guard !areEntered else { return }
        let before = ProcessInfo.processInfo.environment
        let variables = [
            mark: "1", "LC_ALL": locale, "TZ": timeZone,
            "TMPDIR": folder.appending(path: "tmp").path(percentEncoded: false),
        ]
        for (name, value) in variables { setenv(name, value, 1) }
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        execv("/proc/self/exe", &arguments)
        for name in variables.keys {
            if let value = before[name] { setenv(name, value, 1) } else { unsetenv(name) }
        }
    }

    /// Whether this process is the one that was started in them.
    static var areEntered: Bool { getenv(mark) != nil }
}
