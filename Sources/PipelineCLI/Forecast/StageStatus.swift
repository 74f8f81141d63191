internal import Artifacts
internal import Pipeline

/// What is known of a stage: what a run would do with it, and how the last one ended.
struct StageStatus {
    enum State: String, CaseIterable {
        case cached, run, maybe
        /// It would run, and failed when just this was last tried.
        case failed
    }

    var forecast: StageForecast
    var state: State
    var reason: String

    /// Wall time that the result took; nil where there is none.
    var seconds: Double? { forecast.record?.facts["seconds"]?.doubleValue }

    /// - Parameter failures: messages by key, as `RunHistory.failures()` gives them.
    init(_ forecast: StageForecast, failures: [String: String]) {
        self.forecast = forecast
        if forecast.state == .run, let message = forecast.key.flatMap({ failures[$0.digest.hex] }) {
            state = .failed
            reason = "failed last time: \(message)"
        } else {
            state = State(rawValue: forecast.state.rawValue) ?? .maybe
            reason = forecast.reason
        }
    }

    /// `24 stages: 18 cached, 2 to run (1 failed last time), 4 waiting for what these give`.
    static func summary(_ stages: [StageStatus]) -> String {
        func count(_ state: State) -> Int { stages.count { $0.state == state } }
        let failed = count(.failed)
        var parts = ["\(count(.cached)) cached", "\(count(.run) + failed) to run"]
        if failed > 0 { parts[1] += " (\(failed) failed last time)" }
        if count(.maybe) > 0 { parts.append("\(count(.maybe)) waiting for what these give") }
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

    func forecast(
        _ plan: PipelinePlan, store: ArtifactStore?, forced: Set<String> = [], strictness: KeyStrictness
    ) throws -> PlanForecast {
        try PlanForecast(plan: plan, store: store, forced: forced, strictness: strictness)
    }
}
