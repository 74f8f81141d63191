/// What may start, and what a finish or a failure implies: a value without any running in it.
///
/// A stage whose inputs are done is first *decided* (is its result at hand?), which costs nothing. If it has to run it
/// queues for cores and memory. The queue is in the order of the plan and nobody overtakes, so a stage that needs the
/// whole machine is not starved by small ones.
public struct Schedule: Sendable {
    public enum State: Sendable, Equatable {
        /// For the stages before it.
        case waiting
        case deciding
        /// For cores and memory.
        case queued
        case running
        case done
        case failed
        /// Never started, because `cause` failed.
        case skipped(cause: Int)
        /// Never started, because the run was to stop.
        case notStarted
    }

    public enum Action: Sendable, Equatable {
        case decide(Int)
        case run(Int)
    }

    public enum Next: Sendable, Equatable {
        case start([Action])
        /// Something under way must end first.
        case wait
        case complete
    }

    /// What a stage takes while it runs.
    public struct Demand: Sendable, Equatable {
        public var cores: Int
        /// Bytes.
        public var memory: Int

        public init(cores: Int, memory: Int = 0) {
            self.cores = cores
            self.memory = memory
        }
    }

    /// What there is to take.
    public struct Limits: Sendable, Equatable {
        public var cores: Int
        /// Bytes; nil for no limit.
        public var memory: Int?
        /// How many stages may run at once.
        public var jobs: Int

        public init(cores: Int, memory: Int? = nil, jobs: Int = .max) {
            self.cores = cores
            self.memory = memory
            self.jobs = jobs
        }
    }

    /// Of each stage, by position.
    public private(set) var states: [State]
    private let graph: StageGraph
    private let demands: [Demand]
    private let limits: Limits
    private let targets: Set<Int>
    private let keepsGoing: Bool
    /// Nothing more is started.
    public private(set) var isStopping = false
    /// Stages to be made again before a stage is decided once more, by its position.
    private var awaited: [Int: Set<Int>] = [:]

    /// - Parameters:
    ///   - demands: by position. A demand beyond the limits waits until it has the machine to itself.
    ///   - targets: the stages to reach, with all they need; nil for all.
    ///   - keepsGoing: whether stages that do not depend on a failed one are still started.
    public init(
        graph: StageGraph, demands: [Demand], limits: Limits, targets: [Int]? = nil, keepsGoing: Bool = false
    ) {
        precondition(
            demands.count == graph.names.count,
            "Schedule: \(demands.count) demands for \(graph.names.count) stages")
        self.graph = graph
        self.demands = demands
        self.limits = limits
        self.keepsGoing = keepsGoing
        self.targets = graph.ancestors(of: targets ?? Array(graph.names.indices))
        states = graph.names.map { _ in .waiting }
    }

    public mutating func begin() -> Next { advance() }

    /// The result of `stage` was at hand.
    public mutating func cached(_ stage: Int) -> Next { move(stage, from: .deciding, to: .done) }

    /// The stage has to run.
    public mutating func missed(_ stage: Int) -> Next { move(stage, from: .deciding, to: .queued) }

    public mutating func finished(_ stage: Int) -> Next { move(stage, from: .running, to: .done) }

    /// The stage failed, while running or already while being decided.
    public mutating func failed(_ stage: Int) -> Next {
        precondition(
            states[stage] == .running || states[stage] == .deciding,
            "Schedule: '\(graph.names[stage])' failed without being started")
        states[stage] = .failed
        for later in graph.descendants(of: [stage]) where states[later] == .waiting && targets.contains(later) {
            states[later] = .skipped(cause: stage)
        }
        if !keepsGoing { isStopping = true }
        return advance()
    }

    /// The running `stage` found an input damaged. It is decided again once `producer` has been made again, which it is
    /// even though it was done; nil where it need not be. Stages that wait for `producer` go on waiting.
    public mutating func lost(_ stage: Int, awaiting producer: Int?) -> Next {
        precondition(
            producer.map { graph.ancestors(of: [stage]).contains($0) && $0 != stage } != false,
            "Schedule: '\(graph.names[stage])' does not wait for what it is to await")
        if let producer {
            awaited[stage, default: []].insert(producer)
            if states[producer] == .done { states[producer] = .queued }
        }
        return move(stage, from: .running, to: .waiting)
    }

    /// Starts nothing from now on; what runs is awaited.
    public mutating func stop() -> Next {
        isStopping = true
        return advance()
    }

    private mutating func move(_ stage: Int, from: State, to: State) -> Next {
        precondition(states[stage] == from, "Schedule: '\(graph.names[stage])' is \(states[stage]), not \(from)")
        states[stage] = to
        return advance()
    }

    private mutating func advance() -> Next {
        if isStopping {
            for stage in states.indices where states[stage] == .waiting || states[stage] == .queued {
                states[stage] = .notStarted
            }
        }
        let actions = decisions() + starts()
        if !actions.isEmpty { return .start(actions) }
        let isUnderWay = targets.contains { [.deciding, .queued, .running].contains(states[$0]) }
        return isUnderWay ? .wait : .complete
    }

    private mutating func decisions() -> [Action] {
        let ready = graph.order.filter { stage in
            targets.contains(stage) && states[stage] == .waiting
                && graph.dependencies[stage].allSatisfy { states[$0] == .done }
                && (awaited[stage] ?? []).allSatisfy { states[$0] == .done }
        }
        for stage in ready { states[stage] = .deciding }
        return ready.map(Action.decide)
    }

    private mutating func starts() -> [Action] {
        var started: [Action] = []
        for stage in graph.order where states[stage] == .queued {
            guard fits(stage) else { break }
            states[stage] = .running
            started.append(.run(stage))
        }
        return started
    }

    private func fits(_ stage: Int) -> Bool {
        let running = states.indices.filter { states[$0] == .running }
        guard !running.isEmpty else { return true }
        let cores = running.reduce(demands[stage].cores) { Self.sum($0, demands[$1].cores) }
        let memory = running.reduce(demands[stage].memory) { Self.sum($0, demands[$1].memory) }
        return running.count < limits.jobs && cores <= limits.cores && memory <= (limits.memory ?? .max)
    }

    /// A pipeline file may state any number: what is beyond 64 bits is as good as their largest.
    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflows) = left.addingReportingOverflow(right)
        return overflows ? .max : sum
    }
}
