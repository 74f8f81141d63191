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

    func validate() throws {
        if let jobs, jobs < 1 { throw ValidationError("-j is \(jobs); it must be 1 or more") }
        if quiet, verbose { throw ValidationError("-q and -v exclude each other") }
    }

    func run() async throws {
        let plan = try overlay.load(file)
        // Names and sources are checked before a store is made or touched.
        for name in until + force where plan.stage(named: name) == nil { throw CommandError.noStage(name, in: plan) }
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
        let command = RunCommandRecord(file: file, overlay: overlay, strict: strictOptions)
        let executor = try Executor(plan: plan, store: store, options: options) { event in
            if case .runStarted(let run, _, _) = event {
                try? command.write(in: store.root.appending(path: "runs/\(run)"))
            }
            reporter.observe(event)
        }
        let interrupts = Interrupts {
            executor.stop()
            reporter.drain()
        } onSecond: {
            reporter.close()
        }
        // A screen that goes away must not take the run with it.
        signal(SIGPIPE, SIG_IGN)
        let report = try await executor.run()
        reporter.close()
        try close(report)
        try end(report, interrupts: interrupts)
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

    private func close(_ report: RunReport) throws {
        let summary = ClosingSummary(report: report, storeOptions: storeOptions)
        let lines = quiet ? [summary.countLine] : summary.lines
        if output.json || quiet { lines.forEach(Console.note) }
        do {
            if output.json {
                try Console.print(json: report.json)
            } else if !quiet {
                for line in lines { try Console.print(line) }
            }
        } catch CommandError.outputClosed {
            // The results are in the store, whether or not somebody stayed to read about them.
        }
    }

    private func end(_ report: RunReport, interrupts: Interrupts) throws {
        if report.wasInterrupted, let status = interrupts.status {
            throw Failure(said: status, "interrupted; the next run carries on from here")
        }
        let failed = report.stages.filter { if case .failed = $0.outcome { true } else { false } }
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
