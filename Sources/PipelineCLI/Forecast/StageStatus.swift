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
    /// An attempt that is under way, or that was cut off; only where there is no result.
    var attempt: OpenAttempt?

    /// Wall time that the result took; nil where there is none.
    var seconds: Double? { forecast.record?.facts["seconds"]?.doubleValue }

    /// - Parameter history: what earlier runs tell, by key.
    init(_ forecast: StageForecast, history: StageHistory) {
        self.forecast = forecast
        let key = forecast.state == .run ? forecast.key?.digest.hex : nil
        attempt = key.flatMap { history.openAttempts[$0] }
        if let attempt {
            state = .run
            reason = attempt.reason
        } else if let message = key.flatMap({ history.failures[$0] }) {
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
        let running = stages.count { $0.attempt?.isRunning == true }
        let notes = [(failed, "failed last time"), (running, "under way")].filter { $0.0 > 0 }
        if !notes.isEmpty { parts[1] += " (" + notes.map { "\($0.0) \($0.1)" }.joined(separator: ", ") + ")" }
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
