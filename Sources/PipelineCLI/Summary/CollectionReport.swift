internal import Artifacts

/// What a collection of a store kept, why, and what it removed, in words and as JSON.
struct CollectionReport {
    let plan: CollectionPlan
    let wasDryRun: Bool

    var lines: [String] {
        var roots = TextTable([.left, .left, .right, .left])
        roots.add(["KEPT BY", "", "RESULTS", "BECAUSE"])
        for root in plan.roots {
            roots.add([
                root.kind.rawValue, DisplayText.harmless(root.name), "\(root.keys.count)",
                DisplayText.harmless(root.reason),
            ])
        }
        var lines = plan.roots.isEmpty ? ["nothing is kept by anything"] : roots.lines()
        if !plan.results.isEmpty {
            var results = TextTable([.left, .left, .left])
            results.add([wasDryRun ? "WOULD GO" : "GONE", "KEY", "MADE"])
            for result in plan.results {
                results.add([DisplayText.harmless(result.stageName), result.key.short, result.createdAt])
            }
            lines += [""] + results.lines()
        }
        return lines + ["", conclusion]
    }

    private var conclusion: String {
        let kept = "\(Quantities.count(plan.keptResults, "result")), \(Quantities.bytes(plan.keptBytes)) kept"
        guard !plan.isEmpty else { return "nothing to remove; " + kept }
        let parts = [
            (plan.results.count, "result"), (plan.files, "file"), (plan.attempts, "unfinished attempt"),
        ].filter { $0.0 > 0 }.map { Quantities.count($0.0, $0.1) }
        let gone = parts.joined(separator: ", ") + ", \(Quantities.bytes(plan.bytes))"
        return (wasDryRun ? "would remove " : "removed ") + gone + "; " + kept
    }

    /// `pipeline.gc/1`.
    var json: JSONValue {
        [
            "schema": "pipeline.gc/1", "dry_run": .bool(wasDryRun),
            "roots": .array(
                plan.roots.map { root in
                    [
                        "kind": .string(root.kind.rawValue), "name": .string(root.name),
                        "reason": .string(root.reason),
                        "keys": .array(root.keys.sorted().map { .string($0.hex) }),
                    ]
                }),
            "removed": [
                "results": .array(
                    plan.results.map { result in
                        [
                            "stage": .string(result.stageName), "key": .string(result.key.hex),
                            "created": .string(result.createdAt),
                        ]
                    }),
                "files": .integer(Int64(plan.files)), "attempts": .integer(Int64(plan.attempts)),
                "bytes": .integer(Int64(plan.bytes)),
            ],
            "kept": ["results": .integer(Int64(plan.keptResults)), "bytes": .integer(Int64(plan.keptBytes))],
        ]
    }
}
