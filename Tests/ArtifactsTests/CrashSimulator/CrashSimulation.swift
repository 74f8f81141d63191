import Artifacts
import Foundation

/// Records what a scenario does, makes the states that crashes leave, and checks each as a store of its own.
struct CrashSimulation {
    /// The folder of the store, within that of the recording.
    static let storeName = "store"

    let trace: Trace
    private var checker: CrashChecker
    private let fixture: StoreFixture

    init(_ scenario: CrashScenario) throws {
        // States are small and many: in memory, where the system has a place for that.
        let memory = URL(filePath: "/dev/shm", directoryHint: .isDirectory)
        let hasMemory = FileManager.default.isWritableFile(atPath: memory.path)
        fixture = try StoreFixture(in: hasMemory ? memory : FileManager.default.temporaryDirectory)
        try scenario.prepare(fixture.root)
        trace = try Self.record(scenario, in: fixture.folder)
        checker = try CrashChecker(scenario, undisturbed: trace, root: fixture.root)
    }

    private static func record(_ scenario: CrashScenario, in folder: URL) throws -> Trace {
        try Trace.record(in: folder) { promise in
            try scenario.run(ScriptedRun(folder.appending(path: storeName), promise: promise))
        }
    }

    /// The states after every step of the scenario, and those after steps of the next run where a first process was killed
    /// before: that run finds everything which the first one did, durable or not.
    mutating func states() throws -> [CrashState] {
        var states = CrashStates(seed: 1)
        states.add(trace, density: 4)
        for (trace, resumed) in try resumedTraces() {
            states.add(trace, from: resumed, density: 0) { number, event in
                if case .promise(.done) = event { true } else { number.isMultiple(of: 17) }
            }
        }
        return states.all
    }

    /// A process is killed after each step that gives a name which is not durable yet, and after some others.
    private mutating func resumedTraces() throws -> [(trace: Trace, resumed: Int)] {
        var disk = VolatileDisk(trace.before)
        var traces: [(trace: Trace, resumed: Int)] = []
        for (number, event) in trace.events.enumerated() {
            disk.apply(event)
            switch event {
            case .step(.link), .step(.createFolder): break
            default: guard number.isMultiple(of: 13) else { continue }
            }
            let next = try disk.current.materialise(in: fixture.folder.appending(path: "resumed")) { folder in
                try Self.record(checker.scenario, in: folder)
            }
            checker.learn(next)
            let killed = trace.events[...number]
            traces.append((Trace(before: trace.before, events: killed + next.events), killed.count))
        }
        return traces
    }

    /// Checks `states` on all cores.
    /// - Returns: the violations.
    func check(_ states: [CrashState]) async throws -> [String] {
        let workers = ProcessInfo.processInfo.activeProcessorCount
        return await withTaskGroup(of: [String].self) { group in
            for worker in 0..<workers {
                group.addTask { [checker, folder = fixture.folder.appending(path: "state-\(worker)")] in
                    var violations: [String] = []
                    for number in stride(from: worker, to: states.count, by: workers) {
                        // Other tests have time limits, and want a thread now and then.
                        await Task.yield()
                        let isThorough = number % 32 < workers
                        if let violation = checker.violation(of: states[number], in: folder, isThorough: isThorough) {
                            violations.append("\(checker.scenario.name): \(violation)")
                        }
                    }
                    return violations
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }
}
