public import Artifacts
internal import Foundation

/// Runs a plan: asks the schedule what may start, starts it, and tells the schedule what came of it.
///
/// Each stage's result is reused where the store has it, whoever made it. Any number of executors, in this process or in
/// others, may work on one store: each result is computed once. A result that a stage finds damaged is made again.
public actor Executor {
    let plan: PipelinePlan
    let store: ArtifactStore
    let options: RunOptions
    let observer: RunObserver
    private let lookup: CacheLookup
    private nonisolated let signal = StopSignal()
    var schedule: Schedule
    private(set) var sources = SourceReader()
    /// By position in the plan.
    var reports: [StageReport]
    /// The results behind the reports, by position.
    private(set) var records: [Int: StageRecord] = [:]
    var prepared: [Int: StageAttempt] = [:]
    var healing = Healing()

    /// - Parameter observer: called with each event, on whichever thread it arises.
    /// - Throws: `PipelineError.noSuchStage` for a target or forced stage that the plan lacks.
    public init(
        plan: PipelinePlan, store: ArtifactStore, options: RunOptions = RunOptions(),
        observer: @escaping RunObserver = { _ in }
    ) throws {
        self.plan = plan
        self.store = store
        self.options = options
        self.observer = observer
        lookup = CacheLookup(store: store, plan: plan)
        let targets = try options.targets.map { try Self.position(of: $0, in: plan) }
        for name in options.forced.sorted() { _ = try Self.position(of: name, in: plan) }
        schedule = Schedule(
            graph: plan.graph, demands: plan.stages.map { Self.demand(of: $0, options) },
            limits: Schedule.Limits(cores: options.cores, memory: options.memory, jobs: options.jobs),
            targets: targets.isEmpty ? nil : targets, keepsGoing: options.keepsGoing)
        reports = plan.stages.map { StageReport($0) }
    }

    private static func position(of name: String, in plan: PipelinePlan) throws -> Int {
        guard let position = plan.graph.position(of: name) else {
            throw PipelineError.noSuchStage(name, hint: NameHint(for: name, among: plan.graph.names))
        }
        return position
    }

    private static func demand(of stage: PlannedStage, _ options: RunOptions) -> Schedule.Demand {
        let settings = stage.execution
        let usual = stage.definition.weight == .heavy ? options.cores : settings.threads ?? 1
        return Schedule.Demand(cores: min(settings.cpus ?? usual, options.cores), memory: settings.memory ?? 0)
    }

    /// Asks the run to end in good order: nothing new is started, running stages end at their next step or with the
    /// shard under way, and are cancelled when `RunOptions.grace` is over. What they finished stays in staging.
    public nonisolated func stop() { signal.raise() }

    /// Runs the plan to its end, or until it is stopped. Failures of stages are in the report, not thrown.
    /// - Throws: `ArtifactError` where the run cannot begin in this store; `PipelineError` where a stage needs more than
    ///   the run has.
    public func run() async throws -> RunReport {
        try options.check(plan, store: store)
        let clock = ContinuousClock()
        let start = clock.now
        let record = try store.newRun(plan: plan.json)
        let log = RunLog(record: record, observer: observer)
        log.report(.runStarted(run: record.id, pipeline: plan.name, stages: plan.stages.count))
        await perform(log)
        noteUses(log)
        let report = RunReport(
            run: record.id, pipeline: plan.name, stages: finalReports(), seconds: (clock.now - start) / .seconds(1),
            wasInterrupted: signal.isRaised || Task.isCancelled)
        log.report(.runFinished(report))
        log.finish(summary: report.json)
        takeBackRefusedSources()
        return report
    }

    // MARK: The loop

    private enum Ending: Sendable {
        case stage(Int, Result<StageAttempt.Result, any Error>)
        /// The time for ending in good order is over, or the run is.
        case watch
    }

    private func perform(_ log: RunLog) async {
        await withTaskGroup(of: Ending.self) { group in
            group.addTask { [signal, grace = options.grace] in
                await signal.wait()
                if signal.isRaised { try? await Task.sleep(for: grace) }
                return .watch
            }
            var running = 0
            var next = schedule.begin()
            while true {
                var actions: [Schedule.Action] = []
                if signal.isRaised || Task.isCancelled { next = schedule.stop() }
                if case .start(let started) = next { actions = started }
                while !actions.isEmpty {
                    let (starts, following) = decide(actions, log)
                    for position in starts {
                        guard let attempt = prepared.removeValue(forKey: position) else { continue }
                        running += 1
                        group.addTask {
                            do {
                                return .stage(position, .success(try await attempt.perform()))
                            } catch {
                                return .stage(position, .failure(attempt.named(error)))
                            }
                        }
                    }
                    actions = following
                }
                guard running > 0, let ending = await group.next() else { break }
                switch ending {
                case .watch:
                    group.cancelAll()
                    next = .wait
                case .stage(let position, let result):
                    running -= 1
                    next = conclude(position, result, log)
                }
            }
            group.cancelAll()
        }
    }

    /// Decides what is to be decided, and hands back what is to run and what may be done after that.
    private func decide(_ actions: [Schedule.Action], _ log: RunLog) -> (starts: [Int], following: [Schedule.Action])
    {
        var starts: [Int] = []
        var following: [Schedule.Action] = []
        for action in actions {
            switch action {
            case .run(let position):
                starts.append(position)
            case .decide(let position):
                if signal.isRaised { _ = schedule.stop() }
                if case .start(let more) = decide(position, log) { following += more }
            }
        }
        return (starts, following)
    }

    private func decide(_ position: Int, _ log: RunLog) -> Schedule.Next {
        let stage = plan.stages[position]
        do {
            let inputs = try stage.references { try reference($0) }
            let key = try StageKey(
                of: stage, inputs: inputs.mapValues { $0.map(\.digest) }, strictness: options.strictness)
            try options.lock?.check(stage.name, key: key)
            let answer = try lookup.answer(stage, key: key, isForced: options.forced.contains(stage.name))
            reports[position].key = key.digest
            reports[position].decision = answer.decision
            log.report(.stagePlanned(stage: stage.name, key: key.digest, decision: answer.decision))
            if let record = answer.record {
                try options.lock?.check(stage.name, record: record)
                // A result counts whether or not the rest can be tidied up.
                try? store.clearStaging(of: key.digest)
                finish(position, record, outcome: .cached, seconds: record.seconds, log)
                return schedule.cached(position)
            }
            prepared[position] = try attempt(
                stage, key: key, decision: answer.decision, inputs: inputs, rebuild: healing.rebuilds[position], log)
            return schedule.missed(position)
        } catch {
            return fail(position, error, log)
        }
    }

    func attempt(
        _ stage: PlannedStage, key: StageKey, decision: CacheDecision, inputs: [String: [ArtifactReference]],
        rebuild: StageAttempt.Rebuild?, _ log: RunLog
    ) throws -> StageAttempt {
        StageAttempt(
            stage: stage, key: key, decision: decision, inputs: inputs,
            sources: try stage.sourceNames.sorted().compactMap { plan.source(named: $0) }.map {
                ($0, try sources.reference($0))
            },
            pipeline: plan.name, options: options, store: store, lookup: lookup, stop: signal,
            observer: { log.report($0) }, rebuild: rebuild)
    }

    func reference(_ origin: InputOrigin) throws -> ArtifactReference? {
        switch origin {
        case .source(let name):
            try plan.source(named: name).map { try sources.reference($0) }
        case .output(let name, let port):
            plan.graph.position(of: name).flatMap { reports[$0].outputs[port] }
        }
    }

    // MARK: Endings

    private func conclude(
        _ position: Int, _ result: Result<StageAttempt.Result, any Error>, _ log: RunLog
    ) -> Schedule.Next {
        switch result {
        case .success(let result):
            do { try options.lock?.check(plan.stages[position].name, record: result.record) } catch {
                return fail(position, error, log)
            }
            finish(
                position, result.record, outcome: result.wasReused ? .cached : .ran,
                seconds: result.wasReused ? result.record.seconds : result.seconds, log)
            return schedule.finished(position)
        case .failure(is CancellationError) where signal.isRaised || Task.isCancelled:
            reports[position].outcome = .interrupted
            _ = schedule.stop()
            return schedule.failed(position)
        case .failure(let error):
            return heal(position, error, log) ?? fail(position, error, log)
        }
    }

    private func finish(
        _ position: Int, _ record: StageRecord, outcome: StageOutcome, seconds: Double, _ log: RunLog
    ) {
        records[position] = record
        reports[position].outcome = outcome
        reports[position].seconds = seconds
        reports[position].outputs = record.outputs
        reports[position].summary = record.facts["summary"] ?? .object([:])
        log.report(.stageFinished(reports[position]))
    }

    func fail(_ position: Int, _ error: any Error, _ log: RunLog) -> Schedule.Next {
        let name = plan.stages[position].name
        let message = "\(error)"
        reports[position].failure = StageFailure(error)
        reports[position].outcome = .failed(message: message)
        log.report(.stageFailed(stage: name, message: message, retries: 0))
        let next = schedule.failed(position)
        for later in plan.graph.descendants(of: [position]).sorted()
        where schedule.states[later] == .skipped(cause: position) {
            log.report(.stageSkipped(stage: plan.stages[later].name, cause: name))
        }
        return next
    }

    private func finalReports() -> [StageReport] {
        for (position, state) in schedule.states.enumerated() {
            if case .skipped(let cause) = state, !isInterrupted(cause) {
                reports[position].outcome = .skipped(cause: plan.stages[cause].name)
            }
        }
        let wanted = plan.graph.ancestors(
            of: options.targets.isEmpty
                ? Array(plan.stages.indices) : options.targets.compactMap { plan.graph.position(of: $0) })
        return plan.graph.order.filter(wanted.contains).map { reports[$0] }
    }

    private func isInterrupted(_ position: Int) -> Bool { reports[position].outcome == .interrupted }
}
