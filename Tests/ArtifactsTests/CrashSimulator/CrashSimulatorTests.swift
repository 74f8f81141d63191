import Artifacts
import Foundation
import Testing

/// Power cuts after every step of every protocol, on a disk that loses whatever was not made durable.
@Suite("Crash simulator", .serialized, .timeLimit(.minutes(20)))
struct CrashSimulatorTests {
    private static let isNightly = ProcessInfo.processInfo.environment["NIGHTLY"] != nil

    @Test("no crash breaks a promise: 10,000 states of a store, an eighth of them outside nightly runs")
    func crashes() async throws {
        let start = ContinuousClock.now
        var distinct = 0
        var checked = 0
        // Side by side, since the states of one scenario are made by one thread.
        try await withThrowingTaskGroup(of: (distinct: Int, checked: Int).self) { group in
            for scenario in CrashScenario.all { group.addTask { try await Self.check(scenario) } }
            for try await counts in group {
                distinct += counts.distinct
                checked += counts.checked
            }
        }
        let seconds = Int((ContinuousClock.now - start) / .seconds(1))
        print("Crash simulator: \(checked) of \(distinct) distinct states checked in \(seconds) s")
        #expect(distinct >= 10_000)
        #expect(checked >= (Self.isNightly ? 10_000 : 1_250))
    }

    private static func check(_ scenario: CrashScenario) async throws -> (distinct: Int, checked: Int) {
        var simulation = try CrashSimulation(scenario)
        let states = try simulation.states()
        let sample = states.enumerated().filter { isNightly || $0.offset % 8 == 1 }.map(\.element)
        let violations = try await simulation.check(sample)
        #expect(violations.isEmpty, "\(violations.count) violations; \(violations.first ?? "")")
        return (states.count, sample.count)
    }

    @Test("a protocol with a mistake in its order is caught", arguments: WrongProtocol.allCases)
    func mistakes(mistake: WrongProtocol) async throws {
        // With the right order it passes the test above.
        let simulation = try CrashSimulation(.replacedCheckpoint)
        var states = CrashStates(seed: 1)
        states.add(mistake.made(in: simulation.trace), density: 0)
        let all = states.all
        // Evenly spread samples, until one is caught.
        for first in 0..<16 {
            let sample = stride(from: first, to: all.count, by: 16).map { all[$0] }
            if try await !simulation.check(sample).isEmpty { return }
        }
        Issue.record("\(all.count) states, and no violation")
    }
}
