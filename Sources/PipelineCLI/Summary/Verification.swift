internal import Artifacts

/// What a verification of a store found, did and left, in words and as JSON.
struct Verification {
    /// What came of making the index anew; nil where that was not asked for.
    let rebuild: IndexRebuild?
    let found: StoreReport
    let repairs: [StoreRepair]
    let left: StoreReport

    /// A line a problem, and what was looked at.
    var lines: [String] {
        var table = TextTable([.left, .left, .left])
        let done = Dictionary(repairs.map { ($0.path, Self.text(of: $0.action)) }) { first, _ in first }
        for problem in found.problems {
            let names = problem.names.isEmpty ? "" : " (\(problem.names.joined(separator: ", ")))"
            let outcome = done[problem.path].map { "; " + $0 } ?? ""
            table.add(
                [problem.kind.rawValue, problem.path, problem.reason + names + outcome].map(DisplayText.harmless))
        }
        return (rebuild.map(Self.lines) ?? []) + table.lines() + (found.problems.isEmpty ? [] : [""]) + [looked]
    }

    private static func lines(_ rebuild: IndexRebuild) -> [String] {
        func line(_ what: String, _ results: [IndexRebuild.Difference]) -> String? {
            guard !results.isEmpty else { return nil }
            let names = results.map {
                [$0.stageName, "(\($0.key.short))"].filter { !$0.isEmpty }.joined(separator: " ")
            }
            return "  \(results.count) \(what): \(names.joined(separator: ", "))"
        }
        let kept = rebuild.keptAs.map { "the old one is kept as \($0)" } ?? "there was none"
        let differences = [
            line("added, which the old one did not know", rebuild.added),
            line("removed, which no record tells", rebuild.removed),
            line("changed, of which the old one said something else", rebuild.changed),
        ].compactMap(\.self)
        let outcome =
            if let damage = rebuild.damage { "; it cannot be compared: \(damage)" } else if rebuild.keptAs == nil {
                ""
            } else { "; " + (differences.isEmpty ? "both know the same results" : "they differ in these results:") }
        return (["the index was made anew; \(kept)\(outcome)"] + differences).map(DisplayText.harmless)
    }

    /// How it stands with the store in the end.
    var conclusion: String {
        let orphans = left.problems.count { $0.kind == .orphaned }
        let unneeded = orphans > 0 ? "; \(Quantities.count(orphans, "file")) not needed" : ""
        if left.isSound { return (found.isSound ? "the store is sound" : "the store is sound again") + unneeded }
        let bad = Quantities.count(left.problems.count - orphans, "problem")
        return (repairs.isEmpty ? bad : bad + " left") + unneeded
    }

    /// Whether there is a file that a repair would put away or write again.
    var canBeRepaired: Bool { left.problems.contains { [.damaged, .misfiled, .dangling].contains($0.kind) } }

    var isIndexDamaged: Bool { left.problems.contains { $0.kind == .damaged && $0.path == StoreProblem.index } }

    private var looked: String {
        let counts = [
            Quantities.count(found.records, "record"), Quantities.count(found.objects, "object"),
            Quantities.count(found.blobs, "blob"),
        ].joined(separator: ", ")
        guard found.filesRead > 0 else { return counts + "; sizes compared, contents not read" }
        return counts + "; \(Quantities.count(found.filesRead, "file")) read, \(Quantities.bytes(found.bytesRead))"
    }

    private static func text(of action: StoreRepair.Action) -> String {
        switch action {
        case .quarantined(let path): "moved to \(path)"
        case .rewritten: "written again from the index"
        case .indexed: "taken into the index again"
        }
    }

    /// `pipeline.verify/1`.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "schema": "pipeline.verify/1", "sound": .bool(left.isSound),
            "checked": [
                "records": .integer(Int64(found.records)), "objects": .integer(Int64(found.objects)),
                "blobs": .integer(Int64(found.blobs)), "files_read": .integer(Int64(found.filesRead)),
                "bytes_read": .integer(Int64(found.bytesRead)),
            ],
            "problems": .array(found.problems.map(Self.json)), "left": .array(left.problems.map(Self.json)),
            "repairs": .array(
                repairs.map { ["path": .string($0.path), "action": .string(Self.text(of: $0.action))] }),
        ]
        if let rebuild { members["index"] = Self.json(rebuild) }
        return .object(members)
    }

    private static func json(_ rebuild: IndexRebuild) -> JSONValue {
        func results(_ results: [IndexRebuild.Difference]) -> JSONValue {
            .array(results.map { ["stage": .string($0.stageName), "key": .string($0.key.hex)] })
        }
        return [
            "kept_as": rebuild.keptAs.map { .string($0) } ?? .null,
            "damage": rebuild.damage.map { .string($0) } ?? .null,
            "added": results(rebuild.added), "removed": results(rebuild.removed),
            "changed": results(rebuild.changed),
        ]
    }

    private static func json(_ problem: StoreProblem) -> JSONValue {
        [
            "kind": .string(problem.kind.rawValue), "path": .string(problem.path), "reason": .string(problem.reason),
            "names": .array(problem.names.map { .string($0) }),
        ]
    }
}
