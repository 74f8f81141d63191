import Artifacts
import Foundation
import Pipeline
import Synchronization

/// Counts which stages run beside each other, by party.
enum Crowd {
    private static let counts = Mutex<[String: (present: Int, most: Int)]>([:])

    static func enter(_ party: String) {
        counts.withLock { counts in
            let (present, most) = counts[party] ?? (0, 0)
            counts[party] = (present + 1, max(most, present + 1))
        }
    }

    static func leave(_ party: String) { counts.withLock { $0[party]?.present -= 1 } }

    /// The most that were there at once.
    static func most(_ party: String) -> Int { counts.withLock { $0[party]?.most ?? 0 } }
}

/// What stages of a crowd are told.
struct CrowdParameters: StageParameters {
    /// Tells tests that run at the same time apart.
    var party = ""
    /// Tells stages of one party apart, which would be one result otherwise.
    var name = ""
    /// It stays until so many of its party have been there at once.
    var awaits = 1
    /// Milliseconds that it stays at least, for others to come if they may.
    var lingers = 0

    /// Stays as it was told; fails where the others do not come.
    func attend(_ context: StageContext) async throws -> StageOutputs {
        Crowd.enter(party)
        defer { Crowd.leave(party) }
        // Half a minute: long after any others that may start have started.
        var looks = 30_000
        while Crowd.most(party) < awaits || looks > 30_000 - lingers {
            looks -= 1
            guard looks > 0 else { throw FakeError("nobody came") }
            try context.checkCancellation()
            try await Task.sleep(for: .milliseconds(1))
        }
        return try NumberStages.write([context.execution.threads], to: "numbers", context)
    }
}

/// One of a crowd; gives the number of threads it was given, as no other stage may.
struct LightStage: Stage {
    static let kind: StageKind = "light"
    static let version = 1
    static let inputs: [Port] = []
    static let outputs = [Port("numbers", schema: "number/1")]
    let parameters: CrowdParameters
    init(parameters: CrowdParameters) { self.parameters = parameters }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        try await parameters.attend(context)
    }
}

/// The same, with all of the machine unless `cpus` says otherwise.
struct HeavyStage: Stage {
    static let kind: StageKind = "heavy"
    static let version = 1
    static let inputs: [Port] = []
    static let outputs = [Port("numbers", schema: "number/1")]
    static let weight = StageWeight.heavy
    let parameters: CrowdParameters
    init(parameters: CrowdParameters) { self.parameters = parameters }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        try await parameters.attend(context)
    }
}

/// Counts shard by shard, and does not come to the end of one while its tag is in trouble.
struct StallingStage: Stage {
    struct Parameters: StageParameters {
        var tag = ""
    }
    static let kind: StageKind = "stalling"
    static let version = 1
    static let inputs: [Port] = []
    static let outputs = [Port("numbers", schema: "number/1")]
    let parameters: Parameters
    init(parameters: Parameters) { self.parameters = parameters }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let rows = try await context.shards("count", of: NumberRow.self, items: 6) { range in
            if Trouble.isDue(parameters.tag, at: range.lowerBound) {
                while true {
                    try context.checkCancellation()
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
            return range.map { NumberRow($0, $0) }
        }
        return StageOutputs(["numbers": try context.write(rows, to: "numbers")])
    }
}
