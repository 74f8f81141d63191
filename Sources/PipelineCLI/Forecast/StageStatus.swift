internal import Artifacts
internal import Pipeline

/// What is known of a stage: what a run would do with it, and how the last one ended.
struct StageStatus {
    enum State: String, CaseIterable {
        case cached, run, maybe
        /// It would run, and failed when it last did.
        case failed
    }

    var forecast: StageForecast
    var state: State
    var reason: String

    /// - Parameter failures: the message of each stage that failed in the newest run.
    init(_ forecast: StageForecast, failures: [String: String] = [:]) {
        self.forecast = forecast
        if forecast.state != .cached, let message = failures[forecast.name] {
            state = .failed
            reason = "failed in the last run: \(message)"
        } else {
            state = State(rawValue: forecast.state.rawValue) ?? .maybe
            reason = forecast.reason
        }
    }

    /// `28 stages: 20 cached, 1 to run, 7 that depend on it`.
    static func summary(_ stages: [StageStatus]) -> String {
        func count(_ state: State) -> Int { stages.count { $0.state == state } }
        var parts = ["\(count(.cached)) cached", "\(count(.run)) to run"]
        if count(.maybe) > 0 { parts.append("\(count(.maybe)) waiting for what these give") }
        if count(.failed) > 0 { parts.append("\(count(.failed)) failed last time") }
        return "\(Quantities.count(stages.count, "stage")): " + parts.joined(separator: ", ")
    }
}

/// A plan compared with a store that may not be there yet.
struct Forecaster {
    var storeOptions: StoreOptions

    /// Nil where there is no store yet; one that cannot be used is an error.
    func openStore() throws -> ArtifactStore? {
        do {
            return try storeOptions.open()
        } catch ArtifactError.storeMissing {
            return nil
        }
    }

    func forecast(_ plan: PipelinePlan, store: ArtifactStore?, forced: Set<String> = []) throws -> PlanForecast {
        try PlanForecast(plan: plan, store: store, forced: forced)
    }
}
