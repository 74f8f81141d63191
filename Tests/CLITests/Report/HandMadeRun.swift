import Artifacts
import Foundation

/// A run that no program made, with what is hard to show: hostile texts, numbers that do not exist, stages of kinds that
/// nobody knows yet.
struct HandMadeRun {
    struct Stage {
        var name: String
        var kind: String
        var inputs: [String: [String]] = [:]
        /// Rows and their schema, by port.
        var outputs: [String: (schema: String, rows: [JSONValue])] = [:]
        var summary: JSONValue = [:]
        var outcome = "ran"
        var parameters: JSONValue = [:]
    }

    /// What a model that means harm writes.
    static let hostile =
        "</blockquote></section><script>console.error('reached')</script><img src=\"https://example.org/x\" onerror=\"alert(1)\"/>"
        + "\u{202E}\u{0}\u{1B}[31m ]]> <!-- NaN nil & 'quoted' \"twice\" --> url(https://example.org) "
        + String(repeating: "long ", count: 4000)

    var stages: [Stage]
    var seed = 1
    var pipeline = "hand-made"
    var warnings: [String] = []

    /// Makes the store in `folder`, or adds the run to it; returns the run's id.
    @discardableResult
    func write(in folder: URL, startedAt: Date = Date(timeIntervalSince1970: 1_700_000_000)) throws -> String {
        let store = try ArtifactStore.open(folder, create: true)
        var results: [JSONValue] = []
        for stage in stages {
            let outputs = try stage.outputs.mapValues { try store.write(rows: $0.rows, schema: $0.schema) }
            let key = ContentDigest(hashing: Array("\(stage.name) \(seed)".utf8))
            if !outputs.isEmpty, let claim = try store.claim(key) {
                _ = try store.commit(
                    StageRecord(
                        key: key,
                        preimage: [
                            "version": 1, "numerics": "exact", "inputs": [:], "params": stage.parameters,
                        ], kind: stage.kind, stageName: stage.name, pipeline: pipeline, outputs: outputs,
                        facts: ["seconds": 1.5, "program": "0.0.0", "summary": stage.summary],
                        createdAt: "2026-01-01T00:00:00Z"), claim: claim)
                claim.release()
            }
            results.append([
                "name": .string(stage.name), "stage": .string(stage.kind), "key": .string(key.hex),
                "outcome": .string(stage.outcome), "reason": "never ran", "message": .null, "seconds": 1.5,
                "summary": stage.summary,
                "outputs": .object(
                    outputs.mapValues { output in
                        [
                            "digest": .string(output.digest.hex), "record": .string(output.schema),
                            "rows": .integer(Int64(output.rows)), "bytes": .integer(Int64(output.bytes)),
                        ]
                    }),
            ])
        }
        let run = try store.newRun(plan: plan, startedAt: startedAt)
        for warning in warnings {
            try run.append(event: [
                "at": "00:00:01.000", "event": "warning", "stage": "m1", "text": .string(warning),
            ])
        }
        try run.finish(summary: [
            "schema": "pipeline.run/1", "run": .string(run.id), "pipeline": .string(pipeline), "seconds": 12.5,
            "interrupted": false,
            "stages": [
                "total": .integer(Int64(stages.count)), "cached": 0, "ran": .integer(Int64(stages.count)),
                "failed": 0,
                "skipped": 0,
            ],
            "results": .array(results),
        ])
        return run.id
    }

    private var plan: JSONValue {
        [
            "schema": "pipeline.plan-file/1", "pipeline": .string(pipeline), "file": "p.yaml", "sources": [:],
            "stages": .array(
                stages.map { stage in
                    [
                        "name": .string(stage.name), "stage": .string(stage.kind),
                        "seed": .integer(Int64(seed)), "cache": true, "params": stage.parameters,
                        "inputs": .object(stage.inputs.mapValues { .array($0.map { .string($0) }) }),
                    ]
                }),
        ]
    }

    // MARK: Rows

    static func measurement(
        _ name: String, _ value: Double?, _ interval: (Double, Double)? = nil, count: Int = 100, note: String? = nil
    ) -> JSONValue {
        [
            "id": .string(name), "name": .string(name), "value": value.map { .number($0) } ?? .null,
            "count": .integer(Int64(count)), "lower": interval.map { .number($0.0) } ?? .null,
            "upper": interval.map { .number($0.1) } ?? .null, "note": .string(note ?? "a note on \(name)"),
        ]
    }

    static func checkpoint(_ name: String) -> JSONValue {
        let digest = ContentDigest(hashing: Array(name.utf8)).hex
        return ["id": .string(name), "digest": .string(digest), "bytes": 5]
    }

    static func model(
        _ name: String, _ kind: String, inputs: [String: [String]] = [:], steps: [[String: Double]] = []
    )
        -> Stage
    {
        var outputs: [String: (schema: String, rows: [JSONValue])] = ["model": ("checkpoint/1", [checkpoint(name)])]
        if !steps.isEmpty {
            outputs["training-log"] = (
                "training-step/1",
                steps.enumerated().map { place, metrics in
                    [
                        "id": .string("s\(place)"), "step": .integer(Int64(place + 1)),
                        "metrics": .object(metrics.mapValues { .number($0) }),
                    ]
                }
            )
        }
        return Stage(name: name, kind: kind, inputs: inputs, outputs: outputs)
    }

    static func measuring(
        _ name: String, _ kind: String, inputs: [String: [String]], _ rows: [JSONValue]
    ) -> Stage {
        let summary = rows.map { ($0["name"]?.stringValue ?? "", JSONValue.object(["value": $0["value"] ?? .null])) }
        return Stage(
            name: name, kind: kind, inputs: inputs, outputs: ["measurements": ("measurement/1", rows)],
            summary: ["measurements": .object(Dictionary(uniqueKeysWithValues: summary))])
    }

    static func candidate(_ id: String, _ text: String) -> JSONValue {
        [
            "id": .string(id), "prompt_id": "p", "prompt": .string(hostile), "index": 0, "text": .string(text),
            "tokens": 7, "finish": "stop",
        ]
    }

    static func judgement(_ candidate: String, _ raw: String, score: Double?) -> JSONValue {
        let number: JSONValue = score.map { .number($0) } ?? .null
        return [
            "id": .string("j" + candidate), "candidate_id": .string(candidate), "prompt_id": "p",
            "verdicts": [
                [
                    "raw": .string(raw), "finish": "stop", "score": number,
                    "reason": score == nil ? "no-score" : .null, "expected": .null,
                ]
            ], "parsed": score == nil ? 0 : 1, "score": number, "variance": score == nil ? .null : 0.0,
        ]
    }

    /// A loop from m0 to m2 with one of everything.
    static func everything(seed: Int = 1, shift: Double = 0) -> HandMadeRun {
        let trained = models
        let stages: [Stage] =
            Array(trained[..<2]) + data + Array(trained[2...]) + judging(shift) + comparisons(shift)
            + [map, Stage(name: "broken", kind: "sample", outcome: "failed")]
        return HandMadeRun(stages: stages, seed: seed, warnings: [hostile])
    }

    private static var models: [Stage] {
        let steps: [[String: Double]] = (0..<500).map { step in
            ["loss": 1 / Double(step + 1), "rewards/chosen": -Double(step) / 100]
        }
        return [
            model("m0", "import-model"),
            model("m1", "sft", inputs: ["model": ["m0.model"]], steps: [["loss": 2], ["loss": 1.5]]),
            model("m2.model", "dpo", inputs: ["model": ["m1.model"], "pairs": ["m2.pairs.pairs"]], steps: steps),
        ]
    }

    private static var data: [Stage] {
        let pair: JSONValue = [
            "id": "pair", "prompt_id": "p", "prompt": .string(hostile), "chosen": .string(hostile), "rejected": "",
            "chosen_id": "a", "rejected_id": "b", "chosen_score": 4.0, "rejected_score": 2.0, "chosen_finish": "stop",
            "rejected_finish": "stop",
        ]
        let candidates: [JSONValue] = [candidate("a", hostile), candidate("b", "")]
        let judgements: [JSONValue] = [judgement("a", hostile, score: 4), judgement("b", "", score: nil)]
        let candidatesName = ["m2.candidates.candidates"]
        let kept: JSONValue = ["pairs": 1, "prompts": 1, "filter": ["kept": ["paired": 1], "dropped": [:]]]
        return [
            Stage(
                name: "m2.candidates", kind: "sample", inputs: ["model": ["m1.model"]],
                outputs: ["candidates": ("candidate/2", candidates)], summary: ["candidates": 2, "prompts": 1]),
            Stage(
                name: "m2.judgements", kind: "judge", inputs: ["model": ["m1.model"], "candidates": candidatesName],
                outputs: ["judgements": ("judgement/2", judgements)],
                summary: ["judged": 2, "unscored": 1, "verdicts": 2]),
            Stage(
                name: "m2.pairs", kind: "pair",
                inputs: ["candidates": candidatesName, "judgements": ["m2.judgements.judgements"]],
                outputs: ["pairs": ("preference-pair/2", [pair])], summary: kept),
        ]
    }

    private static func judging(_ shift: Double) -> [Stage] {
        let before: [JSONValue] = [
            measurement("pairwise_accuracy", 0.5 + shift, (0.45, 0.55)), measurement("five_best", nil, count: 0),
            measurement("exact_match", 0, (0, 0.7076), count: 3), measurement("mean_rank_at_score_1", 0.9, (0.8, 1)),
            measurement("mean_rank_at_score_5", 0.2, (0.1, 0.4)),
        ]
        let after: [JSONValue] = [
            measurement("pairwise_accuracy", 0.8 + shift, (0.75, 0.85)), measurement("five_best", nil, count: 0),
            measurement("exact_match", 1, (0.2924, 1), count: 3),
            measurement("mean_rank_at_score_1", 0.8, (0.7, 0.9)),
            measurement("mean_rank_at_score_5", nil, count: 0),
        ]
        return [
            measuring("m0.judge-quality", "evaluate-judge", inputs: ["model": ["m0.model"]], before),
            measuring("m2.judge-quality", "evaluate-judge", inputs: ["model": ["m2.model.model"]], after),
            // A judge behind a server: a number of no model.
            measuring(
                "served.judge-quality", "evaluate-judge", inputs: [:], [measurement("pairwise_accuracy", 0.6543)]),
        ]
    }

    private static func comparisons(_ shift: Double) -> [Stage] {
        let sides = ["m2.candidates.candidates"]
        let contest: [JSONValue] = [measurement("win_rate", nil, count: 0), measurement("wins", nil, count: 0)]
        let strange: [JSONValue] = [measurement("a_new_number", 1e-9), measurement("huge", 1e300)]
        return [
            measuring(
                "m2.contest", "head-to-head",
                inputs: ["candidates": sides, "baseline": sides, "model": ["m2.model.model"]], contest),
            measuring(
                "m2.benchmarks", "evaluate-benchmarks", inputs: ["model": ["m2.model.model"]],
                [measurement("arc_easy.acc", 0.25 + shift, (0.2, 0.3))]),
            measuring("strange", "a-kind-to-come", inputs: [:], strange),
        ]
    }

    private static var map: Stage {
        let points: [JSONValue] = (0..<2000).map { place in
            let group = place % 2 == 0 ? "seed" : hostile
            return [
                "id": .string("t\(place)"), "group": .string(group), "x": .number(Double(place % 37)),
                "y": .number(Double(place % 41)), "text": .string(hostile),
            ]
        }
        let measured = [measurement("seed.distinct_2", 0.7)]
        return Stage(
            name: "map", kind: "map-texts", inputs: ["model": ["m0.model"]],
            outputs: ["points": ("text-point/1", points), "measurements": ("measurement/1", measured)])
    }
}
