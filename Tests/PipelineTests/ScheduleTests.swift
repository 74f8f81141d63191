import Pipeline
import Testing

@Suite("Schedule and graph")
struct ScheduleTests {
    /// 0 and 1 stand alone, 2 needs 0, 3 needs 1 and 2, 4 needs 1.
    static let names = ["a", "b", "c", "d", "e"]
    static func graph() throws -> StageGraph {
        try StageGraph(names: names, dependencies: [[], [], ["a"], ["b", "c"], ["b"]])
    }

    static func schedule(cores: [Int], limit: Int, keepsGoing: Bool = false) throws -> Schedule {
        Schedule(
            graph: try graph(), demands: cores.map { Schedule.Demand(cores: $0) },
            limits: Schedule.Limits(cores: limit), keepsGoing: keepsGoing)
    }

    @Test("light stages run beside each other, within the cores")
    func light() throws {
        var schedule = try Self.schedule(cores: [1, 1, 1, 1, 1], limit: 2)
        #expect(schedule.begin() == .start([.decide(0), .decide(1)]))
        #expect(schedule.missed(0) == .start([.run(0)]))
        #expect(schedule.missed(1) == .start([.run(1)]))
        #expect(schedule.finished(1) == .start([.decide(4)]))
        #expect(schedule.missed(4) == .start([.run(4)]))
        #expect(schedule.finished(0) == .start([.decide(2)]))
        #expect(schedule.cached(2) == .start([.decide(3)]))
        #expect(schedule.missed(3) == .start([.run(3)]))
        #expect(schedule.finished(4) == .wait)
        #expect(schedule.finished(3) == .complete)
    }

    @Test("a heavy stage waits for the whole machine, and nobody behind it overtakes")
    func heavy() throws {
        var schedule = try Self.schedule(cores: [1, 2, 1, 1, 1], limit: 2)
        #expect(schedule.begin() == .start([.decide(0), .decide(1)]))
        #expect(schedule.missed(0) == .start([.run(0)]))
        #expect(schedule.missed(1) == .wait)
        #expect(schedule.finished(0) == .start([.decide(2), .run(1)]))
        // One core would be free for nobody while all are taken.
        #expect(schedule.missed(2) == .wait)
        #expect(schedule.finished(1) == .start([.decide(4), .run(2)]))
    }

    @Test("a failure skips nothing that was not asked for")
    func failureBesideTargets() throws {
        let graph = try Self.graph()
        var schedule = Schedule(
            graph: graph, demands: graph.names.map { _ in Schedule.Demand(cores: 1) },
            limits: Schedule.Limits(cores: 1), targets: [2])
        _ = schedule.begin()
        _ = schedule.missed(0)
        #expect(schedule.failed(0) == .complete)
        #expect(schedule.states == [.failed, .notStarted, .skipped(cause: 0), .notStarted, .notStarted])
    }

    @Test("memory is shared like cores, and a demand beyond it runs alone")
    func memory() throws {
        var schedule = Schedule(
            graph: try Self.graph(),
            demands: [100, 70, 30, 1, 80].map { Schedule.Demand(cores: 1, memory: $0) },
            limits: Schedule.Limits(cores: 8, memory: 90))
        _ = schedule.begin()
        #expect(schedule.missed(0) == .start([.run(0)]))
        #expect(schedule.missed(1) == .wait)
        #expect(schedule.finished(0) == .start([.decide(2), .run(1)]))
        #expect(schedule.missed(2) == .wait)
    }

    @Test("demands beyond 64 bits are the largest there are", arguments: [nil, Int.max, 90] as [Int?])
    func hugeDemands(memory: Int?) throws {
        var schedule = Schedule(
            graph: try Self.graph(),
            demands: [Int.max, .max - 1, 1, 1, 1].map { Schedule.Demand(cores: 1, memory: $0) },
            limits: Schedule.Limits(cores: 8, memory: memory))
        _ = schedule.begin()
        #expect(schedule.missed(0) == .start([.run(0)]))
        #expect(schedule.missed(1) == (memory == 90 ? .wait : .start([.run(1)])))
    }

    @Test("a failure skips what depends on it and, without keepsGoing, starts nothing else")
    func failure() throws {
        var strict = try Self.schedule(cores: [1, 1, 1, 1, 1], limit: 1)
        _ = strict.begin()
        _ = strict.missed(0)
        _ = strict.missed(1)
        #expect(strict.failed(0) == .complete)
        #expect(strict.states == [.failed, .notStarted, .skipped(cause: 0), .skipped(cause: 0), .notStarted])

        var patient = try Self.schedule(cores: [1, 1, 1, 1, 1], limit: 1, keepsGoing: true)
        _ = patient.begin()
        _ = patient.missed(0)
        _ = patient.missed(1)
        #expect(patient.failed(0) == .start([.run(1)]))
        #expect(patient.finished(1) == .start([.decide(4)]))
        #expect(patient.cached(4) == .complete)
    }

    @Test("a stage that lost an input waits until that is made again, with all that wait for it")
    func lostInput() throws {
        var schedule = try Self.schedule(cores: [1, 1, 1, 1, 1], limit: 2)
        _ = schedule.begin()
        _ = schedule.cached(0)
        _ = schedule.missed(1)
        #expect(schedule.missed(2) == .start([.run(2)]))
        // 'c' finds the result of 'a' damaged: 'a' runs, though it was done, and then 'c' is decided once more.
        #expect(schedule.lost(2, awaiting: 0) == .start([.run(0)]))
        #expect(schedule.states == [.running, .running, .waiting, .waiting, .waiting])
        #expect(schedule.finished(1) == .start([.decide(4)]))
        #expect(schedule.finished(0) == .start([.decide(2)]))
        #expect(schedule.missed(2) == .start([.run(2)]))
        // A second reader comes too late: it is only decided again.
        #expect(schedule.lost(2, awaiting: nil) == .start([.decide(2)]))
    }

    @Test("where the lost input cannot be made again, what waits for it is skipped")
    func lostForGood() throws {
        var schedule = try Self.schedule(cores: [1, 1, 1, 1, 1], limit: 2, keepsGoing: true)
        _ = schedule.begin()
        _ = schedule.cached(0)
        _ = schedule.cached(1)
        _ = schedule.cached(4)
        _ = schedule.missed(2)
        _ = schedule.lost(2, awaiting: 0)
        #expect(schedule.failed(0) == .complete)
        #expect(schedule.states == [.failed, .done, .skipped(cause: 0), .skipped(cause: 0), .done])
    }

    @Test("a stop waits for what runs")
    func stop() throws {
        var schedule = try Self.schedule(cores: [1, 1, 1, 1, 1], limit: 1)
        _ = schedule.begin()
        _ = schedule.missed(0)
        _ = schedule.missed(1)
        #expect(schedule.stop() == .wait)
        #expect(schedule.finished(0) == .complete)
        #expect(schedule.states == [.done, .notStarted, .notStarted, .notStarted, .notStarted])
    }

    @Test("in any graph each stage runs once, after what it needs, within the cores", arguments: 0..<50)
    func randomGraphs(seed: Int) throws {
        var generator = SmallGenerator(state: UInt64(seed) + 1)
        let count = Int.random(in: 1...12, using: &generator)
        let dependencies = (0..<count).map { stage in
            (0..<stage).filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }.map { "s\($0)" }
        }
        let graph = try StageGraph(names: (0..<count).map { "s\($0)" }, dependencies: dependencies)
        let cores = (0..<count).map { _ in Int.random(in: 1...4, using: &generator) }
        var schedule = Schedule(
            graph: graph, demands: cores.map { Schedule.Demand(cores: $0) }, limits: Schedule.Limits(cores: 4))

        var running: [Int] = []
        var done: Set<Int> = []
        var started: Set<Int> = []
        var next = schedule.begin()
        var open: [Schedule.Action] = []
        while next != .complete || !open.isEmpty {
            if case .start(let actions) = next { open += actions }
            if let action = open.popLast() {
                switch action {
                case .decide(let stage):
                    #expect(graph.dependencies[stage].allSatisfy(done.contains))
                    if Bool.random(using: &generator) {
                        done.insert(stage)
                        next = schedule.cached(stage)
                    } else {
                        next = schedule.missed(stage)
                    }
                case .run(let stage):
                    #expect(started.insert(stage).inserted)
                    running.append(stage)
                    #expect(running.map { cores[$0] }.reduce(0, +) <= 4)
                    next = .wait
                }
            } else {
                let stage = running.remove(at: Int.random(in: 0..<running.count, using: &generator))
                done.insert(stage)
                next = schedule.finished(stage)
            }
        }
        #expect(done.count == count)
    }

    @Test("ancestors and descendants")
    func closure() throws {
        let graph = try Self.graph()
        #expect(graph.ancestors(of: [3]) == [0, 1, 2, 3])
        #expect(graph.descendants(of: [0]) == [0, 2, 3])
        #expect(graph.order == [0, 1, 2, 3, 4])
        #expect(graph.dependents == [[2], [3, 4], [3], [], []])
    }

    @Test("a cycle is named from its first stage")
    func cycle() {
        let error = #expect(throws: StageGraph.Cycle.self) {
            try StageGraph(names: ["x", "a", "b", "c"], dependencies: [["c"], ["c"], ["a"], ["b"]])
        }
        #expect(error?.path == ["a", "c", "b", "a"])
    }
}

/// A linear congruential generator (Knuth's MMIX constants), so that random graphs are the same each time.
struct SmallGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 33)
    }
}
