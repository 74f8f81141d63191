internal import Artifacts

/// What a verification of a store found, did and left, in words and as JSON.
struct Verification {
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
        return table.lines() + (found.problems.isEmpty ? [] : [""]) + [looked]
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
    var canBeRepaired: Bool { left.problems.contains { $0.kind == .damaged || $0.kind == .dangling } }

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
        }
    }

    /// `pipeline.verify/1`.
    var json: JSONValue {
        [
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
    }

    private static func json(_ problem: StoreProblem) -> JSONValue {
        [
            "kind": .string(problem.kind.rawValue), "path": .string(problem.path), "reason": .string(problem.reason),
            "names": .array(problem.names.map { .string($0) }),
        ]
    }
}
