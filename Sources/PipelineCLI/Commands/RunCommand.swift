internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Model
internal import Pipeline

/// `pipeline run`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run what is not cached, and what depends on it.",
        discussion: """
            Ctrl-C stops in good order: what is under way is brought to its next safe point, and the next run carries \
            on from there. A second Ctrl-C stops at once; that loses the shard under way and nothing else.

            With --seeds each seed is a run of its own, and what does not depend on the seed is computed once. The table \
            at the end has the mean and the standard deviation of every measurement; n counts different results. A \
            failure ends the series, or with -k the seed it happened to.
            """)

    @Argument(help: ArgumentHelp("The pipeline file.", valueName: "file"))
    var file: String
    @Option(name: [.customShort("j"), .long], help: "How many stages may run at once.")
    var jobs: Int?
    @Flag(name: [.customShort("k"), .long], help: "After a failure go on with what does not depend on it.")
    var keepGoing = false
    @Option(help: ArgumentHelp("Run only this stage and what it needs; may be repeated.", valueName: "stage"))
    var until: [String] = []
    @Option(help: ArgumentHelp("Run this stage even if it is cached; may be repeated.", valueName: "stage"))
    var force: [String] = []
    @Option(
        help: ArgumentHelp(
            "Run the plan once for each seed: so many, from its own on (3), or these (1,2,3).", valueName: "seeds"),
        transform: Self.seeds)
    var seeds: SeedChoice?
    @Flag(help: "Run only if every stage is what the lockfile beside the pipeline file says; else end with 14.")
    var locked = false
    @Flag(name: [.customShort("q"), .long], help: "Say only what fails, and how it ended.")
    var quiet = false
    @Flag(name: [.customShort("v"), .long], help: "Say more: progress, shards and metrics, one line each.")
    var verbose = false
    @OptionGroup var overlay: OverlayOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var strictOptions: StrictOptions
    @OptionGroup var threadOptions: ThreadOptions
    @OptionGroup var memoryOption: MemoryOption
    @OptionGroup var output: JSONOption

    private static func seeds(_ text: String) throws -> SeedChoice {
        do { return try SeedChoice(text) } catch { throw ValidationError("\(error)") }
    }

    func validate() throws {
        if let jobs, jobs < 1 { throw ValidationError("-j is \(jobs); it must be 1 or more") }
        if quiet, verbose { throw ValidationError("-q and -v exclude each other") }
        guard seeds != nil else { return }
        if locked { throw ValidationError("--seeds and --locked exclude each other: a lockfile is of one seed") }
        if let setting = overlay.settings.first(where: { $0.hasPrefix("seed=") }) {
            throw ValidationError("--seeds and '--set \(setting)' exclude each other")
        }
    }

    func run() async throws {
        let rounds = try rounds()
        // Names and sources are checked before a store is made or touched.
        for name in until + force where rounds[0].plan.stage(named: name) == nil {
            throw CommandError.noStage(name, in: rounds[0].plan)
        }
        let work = WorkInHand()
        var interrupts: Interrupts?
        var series = RunSeries(planned: rounds.count)
        for (number, round) in rounds.enumerated() where !work.isStopping {
            if let seed = round.seed, !quiet { Console.note("seed \(seed), \(number + 1) of \(rounds.count)") }
            let (executor, reporter) = try prepare(round)
            interrupts =
                interrupts
                ?? Interrupts {
                    work.stop()
                } onSecond: {
                    work.close()
                }
            // A screen that goes away must not take the run with it.
            signal(SIGPIPE, SIG_IGN)
            guard work.take(executor, reporter) else { break }
            let report = try await executor.run()
            reporter.close()
            guard let seed = round.seed else {
                try say(ClosingSummary(report: report, storeOptions: storeOptions), json: report.json)
                return try end([report], interrupts)
            }
            series.add(report, seed: seed)
            try say(series.lines(of: report, seed: seed, storeOptions), json: report.json)
            if report.hasFailures, !keepGoing { break }
        }
        try say(quiet ? [] : series.closingLines(storeOptions), json: series.json)
        try end(series.reports, interrupts, isWhole: series.runs.count == rounds.count)
    }

    /// A plan to be run, with what is laid over it.
    private struct Round {
        /// Nil where no seeds are asked for.
        var seed: UInt64?
        var overlay: OverlayOptions
        var plan: PipelinePlan
    }

    /// The plan once, or once for each seed.
    private func rounds() throws -> [Round] {
        let plan = try overlay.load(file)
        guard let seeds else { return [Round(overlay: overlay, plan: plan)] }
        let own = Set(plan.stages.filter(\.definition.usesSeed).map(\.seed))
        return try seeds.seeds(own: own).map { seed in
            var seeded = overlay
            seeded.settings.append("seed=\(seed)")
            return Round(seed: seed, overlay: seeded, plan: try seeded.load(file))
        }
    }

    /// Everything up to where the run may begin.
    private func prepare(_ round: Round) throws -> (Executor, ConsoleReporter) {
        let plan = round.plan
        let forecaster = Forecaster(storeOptions: storeOptions)
        var options = try options()
        let present = try storeOptions.openMending()
        let forecast = try forecaster.forecast(
            plan, store: present, forced: options.forced, strictness: options.strictness)
        try options.check(plan, store: present)

        if locked {
            let lock = try LockFile(of: file).read()
            try LockFile.demand(lock, plan, forecast)
            options.lock = lock
        }
        let store = try present ?? storeOptions.open(create: true)
        let reporter = ConsoleReporter(rows: rows(forecast), verbosity: verbosity)
        let command = RunCommandRecord(file: file, overlay: round.overlay, strict: strictOptions)
        let executor = try Executor(plan: plan, store: store, options: options) { event in
            if case .runStarted(let run, _, _) = event {
                try? command.write(in: store.root.appending(path: "runs/\(run)"))
            }
            reporter.observe(event)
        }
        return (executor, reporter)
    }

    private var verbosity: Verbosity { quiet ? .quiet : verbose ? .verbose : .normal }

    private func options() throws -> RunOptions {
        let machine = Machine.current()
        return RunOptions(
            cores: threadOptions.count, threads: threadOptions.count, jobs: jobs ?? .max,
            memory: memoryOption.memory ?? machine.memory, keepsGoing: keepGoing, forced: Set(force), targets: until,
            strictness: try strictOptions.strictness(),
            facts: machine.facts.merging(["program": ProgramVersion.text]) { $1 }.mapValues { .string($0) })
    }

    /// What the live view begins with: the stages to be run or reached, and what is known of each.
    private func rows(_ forecast: PlanForecast) -> [RunBoard.Row] {
        forecast.stages.map { stage in
            RunBoard.Row(stage: stage.name, kind: stage.stage.kind.rawValue, reason: stage.reason)
        }
    }

    private func say(_ summary: ClosingSummary, json: JSONValue) throws {
        try say(quiet ? [summary.countLine] : summary.lines, json: json)
    }

    /// Lines for people, and under `--json` the one line for programs.
    private func say(_ lines: [String], json: JSONValue) throws {
        if output.json || quiet { lines.forEach(Console.note) }
        do {
            if output.json {
                try Console.print(json: json)
            } else if !quiet {
                for line in lines { try Console.print(line) }
            }
        } catch CommandError.outputClosed {
            // The results are in the store, whether or not somebody stayed to read about them.
        }
    }

    /// - Parameter isWhole: whether every run that was asked for had its turn.
    private func end(_ reports: [RunReport], _ interrupts: Interrupts?, isWhole: Bool = true) throws {
        if reports.contains(where: \.wasInterrupted) || !isWhole, let status = interrupts?.status {
            throw Failure(said: status, "interrupted; the next run carries on from here")
        }
        let failed = reports.flatMap(\.stages).filter { if case .failed = $0.outcome { true } else { false } }
        if let first = failed.first {
            let names = failed.map { "'\($0.stage)'" }.joined(separator: ", ")
            throw Failure(
                said: status(of: failed),
                "\(failed.count == 1 ? "stage" : "stages") \(names) failed: \(first.outcome.message ?? "")")
        }
    }

    /// What the store lost, or would give otherwise now, weighs more than a failure of a stage.
    private func status(of failed: [StageReport]) -> ExitStatus {
        if failed.contains(where: { $0.failure == .store }) { return .integrity }
        if failed.contains(where: { $0.failure == .lock }) { return .lockMismatch }
        if failed.contains(where: { $0.failure == .notReproducible }) { return .notReproducible }
        return keepGoing ? .keptGoing : .stageFailed
    }
}
