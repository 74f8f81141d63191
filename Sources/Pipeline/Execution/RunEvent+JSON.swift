public import Artifacts
public import Foundation

extension RunEvent {
    /// The event as a line of `events.jsonl`.
    public func json(at time: Date) -> JSONValue {
        var members: [String: JSONValue] = [
            "at": .string(time.formatted(.iso8601.time(includingFractionalSeconds: true)))
        ]
        let (name, details) = parts
        members["event"] = .string(name)
        members.merge(details) { _, detail in detail }
        return .object(members)
    }

    private var parts: (String, [String: JSONValue]) {
        switch self {
        case .runStarted(let run, let pipeline, let stages):
            ("run_started", ["run": .string(run), "pipeline": .string(pipeline), "stages": .integer(Int64(stages))])
        case .stagePlanned(let stage, let key, let decision):
            (
                "stage_planned",
                [
                    "stage": .string(stage), "key": .string(key.hex), "cached": .bool(decision == .hit),
                    "reason": .string("\(decision)"),
                ]
            )
        case .stageWaiting(let stage):
            ("stage_waiting", ["stage": .string(stage)])
        case .stageStarted(let stage, let attempt):
            ("stage_started", ["stage": .string(stage), "attempt": .integer(Int64(attempt))])
        case .progress(let progress):
            ("progress", progress.members)
        case .metrics(let stage, let values):
            // A loss that became infinite is worth a line, and JSON has no number for it.
            (
                "metrics",
                [
                    "stage": .string(stage),
                    "values": .object(values.mapValues { $0.isFinite ? .number($0) : .string("\($0)") }),
                ]
            )
        case .shardDone(let shard):
            ("shard_done", shard.members)
        case .warning(let stage, let text):
            ("warning", ["stage": stage.map { .string($0) } ?? .null, "text": .string(text)])
        case .stageFinished(let report):
            ("stage_finished", report.members)
        case .stageFailed(let stage, let message, let retries):
            (
                "stage_failed",
                ["stage": .string(stage), "message": .string(message), "retries": .integer(Int64(retries))]
            )
        case .stagePostponed(let stage, let awaited):
            ("stage_postponed", ["stage": .string(stage), "awaiting": .string(awaited)])
        case .stageSkipped(let stage, let cause):
            ("stage_skipped", ["stage": .string(stage), "cause": .string(cause)])
        case .runFinished(let report):
            ("run_finished", ["counts": report.counts.json, "seconds": .number(report.seconds)])
        }
    }
}

extension StageProgress {
    fileprivate var members: [String: JSONValue] {
        [
            "stage": .string(stage), "done": .integer(Int64(done)),
            "total": total.map { .integer(Int64($0)) } ?? .null, "unit": .string(unit),
            "note": note.map { .string($0) } ?? .null,
        ]
    }
}

extension ShardReport {
    fileprivate var members: [String: JSONValue] {
        [
            "stage": .string(stage), "list": .string(list), "index": .integer(Int64(index)),
            "count": .integer(Int64(count)), "rows": .integer(Int64(rows)), "kept": .bool(wasKept),
        ]
    }
}

extension RunReport {
    /// How the run ended, as `run --json` prints it and the run's `summary.json` keeps it.
    public var json: JSONValue {
        [
            "schema": "pipeline.run/1", "run": .string(run), "pipeline": .string(pipeline),
            "seconds": .number(seconds), "interrupted": .bool(wasInterrupted), "stages": counts.json,
            "results": .array(stages.map { .object($0.members) }),
        ]
    }
}

extension StageCounts {
    fileprivate var json: JSONValue {
        [
            "total": .integer(Int64(total)), "cached": .integer(Int64(cached)), "ran": .integer(Int64(ran)),
            "failed": .integer(Int64(failed)), "skipped": .integer(Int64(skipped)),
        ]
    }
}

extension StageReport {
    fileprivate var members: [String: JSONValue] {
        [
            "name": .string(stage), "stage": .string(kind.rawValue),
            "key": key.map { .string($0.hex) } ?? .null, "outcome": .string(outcome.word),
            "reason": decision.map { .string("\($0)") } ?? .null,
            "message": outcome.message.map { .string($0) } ?? .null, "seconds": .number(seconds),
            "outputs": .object(
                outputs.mapValues { reference in
                    [
                        "digest": .string(reference.digest.hex), "record": .string(reference.schema),
                        "rows": .integer(Int64(reference.rows)), "bytes": .integer(Int64(reference.bytes)),
                    ]
                }),
            "summary": summary,
        ]
    }
}

extension StageOutcome {
    /// One word for tables and JSON.
    public var word: String {
        switch self {
        case .cached: "cached"
        case .ran: "ran"
        case .failed: "failed"
        case .skipped: "skipped"
        case .interrupted: "interrupted"
        case .notStarted: "not-started"
        }
    }

    /// Why it failed, or which stage kept it from running.
    public var message: String? {
        switch self {
        case .failed(let message): message
        case .skipped(let cause): "'\(cause)' failed"
        case .cached, .ran, .interrupted, .notStarted: nil
        }
    }
}
