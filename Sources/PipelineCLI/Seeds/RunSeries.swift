internal import Artifacts
internal import Pipeline

/// Several runs of one plan, each with its seed, one after the other in one store.
struct RunSeries {
    /// How many there are to be.
    let planned: Int
    private(set) var runs: [(seed: UInt64, report: RunReport)] = []

    init(planned: Int) { self.planned = planned }

    mutating func add(_ report: RunReport, seed: UInt64) { runs.append((seed, report)) }

    var reports: [RunReport] { runs.map(\.report) }

    private var spread: SeedSpread {
        SeedSpread(
            runs.map { seed, report in
                SeedRun(
                    seed: seed, stages: report.stages.map { SeedRun.Stage(StageFigures($0), key: $0.key) })
            })
    }

    /// What the run just ended says.
    func lines(of report: RunReport, seed: UInt64, _ storeOptions: StoreOptions) -> [String] {
        let summary = ClosingSummary(report: report, storeOptions: storeOptions)
        return ["seed \(seed): \(summary.countLine)"] + summary.failureLines
    }

    /// What all of them say together.
    func closingLines(_ storeOptions: StoreOptions) -> [String] {
        let spread = spread
        var lines = spread.lines.isEmpty ? [] : [""] + spread.lines
        if spread.isOneResult {
            lines += ["", "no stage of these \(runs.count) runs depends on the seed: they are one result"]
        }
        if runs.count < planned { lines += ["", "\(planned - runs.count) of \(planned) seeds were not run"] }
        return lines + [""] + hints(storeOptions)
    }

    private func hints(_ storeOptions: StoreOptions) -> [String] {
        let unfinished = reports.last { $0.wasInterrupted } ?? reports.last { $0.hasFailures }
        if let unfinished { return ClosingSummary(report: unfinished, storeOptions: storeOptions).hints }
        if runs.count < planned {
            return ["this carries on from here: " + Invocation.current.again(without: "--force")]
        }
        let compare = Invocation.current.command(["compare"] + reports.map(\.run) + storeOptions.arguments)
        return ["the runs side by side: \(compare)"]
    }

    /// The last line of `run --seeds --json`. Each run has had a line of its own before, as `run --json` writes it.
    var json: JSONValue {
        func sum(_ part: KeyPath<StageCounts, Int>) -> JSONValue {
            .integer(Int64(reports.reduce(0) { $0 + $1.counts[keyPath: part] }))
        }
        return [
            "schema": "pipeline.seeds/1", "pipeline": reports.first.map { .string($0.pipeline) } ?? .null,
            "planned": .integer(Int64(planned)),
            "runs": .array(
                runs.map { seed, report in
                    [
                        "seed": .integer(Int64(seed)), "run": .string(report.run),
                        "interrupted": .bool(report.wasInterrupted),
                    ]
                }),
            "stages": [
                "total": sum(\.total), "cached": sum(\.cached), "ran": sum(\.ran), "failed": sum(\.failed),
                "skipped": sum(\.skipped),
            ],
            "seconds": .number(reports.reduce(0) { $0 + $1.seconds }), "one_result": .bool(spread.isOneResult),
            "measurements": spread.json,
        ]
    }
}
