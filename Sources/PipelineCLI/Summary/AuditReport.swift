internal import Artifacts
internal import Pipeline

/// What an audit found, in words and as JSON.
struct AuditReport {
    /// An audited stage, and whether it was executed where its result was made.
    struct Entry {
        let audit: StageAudit
        /// The processor and the vector instructions that made the result, where they are not those at hand.
        let otherMachine: String?
        /// A server took part, which promises nothing: what comes out otherwise is no fault of the store.
        let isServed: Bool

        init(_ audit: StageAudit, of record: StageRecord?, here machine: Machine) {
            self.audit = audit
            let others = machine.facts.sorted { $0.key < $1.key }.compactMap { name, value in
                record?.facts[name]?.stringValue.flatMap { $0 == value ? nil : $0 }
            }
            otherMachine = others.isEmpty ? nil : others.joined(separator: ", ")
            isServed = record?.facts["summary"]?["reproducible"] == .bool(false)
        }

        /// Other than the record, as may be.
        var isExcused: Bool {
            guard case .compared = audit.outcome else { return false }
            return isServed && !isReproduced
        }

        var isReproduced: Bool {
            guard case .compared(let outputs) = audit.outcome else { return false }
            return outputs.allSatisfy { output in
                switch output.verdict {
                case .identical: true
                case .close: otherMachine != nil
                case .reordered, .different: false
                }
            }
        }
    }

    let entries: [Entry]
    let execution: ExecutionOptions
    let sample: Double?
    let seed: UInt64

    init(_ entries: [Entry], execution: ExecutionOptions, sample: Double?, seed: UInt64) {
        self.entries = entries
        self.execution = execution
        self.sample = sample
        self.seed = seed
    }

    /// Whether every stage that promises to give the same again does.
    var isReproduced: Bool { !entries.isEmpty && entries.allSatisfy { $0.isReproduced || $0.isExcused } }
    var isDamaged: Bool { entries.contains { if case .damaged = $0.audit.outcome { true } else { false } } }

    // MARK: Words

    var lines: [String] {
        guard !entries.isEmpty else { return [conclusion] }
        var table = TextTable([.left, .left, .left, .left, .right])
        table.add(["STAGE", "OUTPUT", "VERDICT", "COMPARED", "TOOK"])
        var notes: [String] = []
        for entry in entries {
            let took = Quantities.duration(entry.audit.seconds)
            switch entry.audit.outcome {
            case .noResult(let reason): table.add([entry.audit.stage, "–", "no result", reason, ""])
            case .damaged(let message):
                table.add([entry.audit.stage, "–", "damaged", "", took])
                notes.append("\(entry.audit.stage): \(message)")
            case .failed(let message):
                table.add([entry.audit.stage, "–", "failed", "", took])
                notes.append("\(entry.audit.stage) failed: \(message)")
            case .compared(let outputs):
                for (index, output) in outputs.enumerated() {
                    table.add([
                        index == 0 ? entry.audit.stage : "", output.port, Self.word(output.verdict),
                        compared(output, entry.audit), index == 0 ? took : "",
                    ])
                    notes += Self.difference(output, of: entry.audit.stage)
                }
            }
            if entry.isServed {
                notes.append("\(entry.audit.stage): a server wrote replies, which need not be the same again")
            }
            if let machine = entry.otherMachine { notes.append("\(entry.audit.stage) was made with \(machine)") }
        }
        return [surroundings, ""] + table.lines() + (notes.isEmpty ? [] : [""] + notes) + ["", conclusion]
    }

    var conclusion: String {
        guard !entries.isEmpty else { return "no stage has a result to audit; 'status' says why" }
        let excused = entries.count(where: \.isExcused)
        let bad = entries.filter { !$0.isReproduced && !$0.isExcused }
        let stages = Quantities.count(entries.count, "stage")
        if bad.isEmpty, excused > 0 {
            return "\(excused) of \(stages) came out otherwise, as a server may; no other did"
        }
        return bad.isEmpty
            ? "\(stages) reproduced" : "\(bad.count) of \(stages) not reproduced"
    }

    private var surroundings: String {
        let sampled = sample.map { "\(Quantities.significant($0 * 100))% of the rows (seed \(seed)), " } ?? ""
        return
            "executed again with \(sampled)\(Quantities.count(execution.threads, "thread")), shards of 7 rows from the last "
            + "to the first, batches of 3, "
            + (AuditSurroundings.areEntered
                ? "\(AuditSurroundings.locale), \(AuditSurroundings.timeZone)"
                : "in the caller's locale and time zone: the program cannot be started again here")
    }

    private func compared(_ output: AuditedOutput, _ audit: StageAudit) -> String {
        let rows = Quantities.count(output.rows, "row")
        return audit.sample.map { "\(rows), from \($0.rows) of \($0.of)" } ?? rows
    }

    private static func word(_ verdict: AuditVerdict) -> String {
        switch verdict {
        case .identical: "identical"
        case .reordered: "reordered"
        case .close(let largest): "close, to \(Quantities.significant(largest, digits: 2))"
        case .different: "different"
        }
    }

    private static func difference(_ output: AuditedOutput, of stage: String) -> [String] {
        guard case .different(let difference) = output.verdict else { return [] }
        let place = difference.path.isEmpty ? "" : ", '\(difference.path)'"
        return [
            "\(stage).\(output.port), row \(difference.row + 1)\(place)",
            "  stored    \(text(difference.stored))", "  computed  \(text(difference.computed))",
        ]
    }

    private static func text(_ value: JSONValue?) -> String {
        let text = value.flatMap { try? CanonicalJSON.text($0) } ?? "nothing"
        return text.count > 300 ? text.prefix(299) + "…" : text
    }

    // MARK: JSON

    /// `pipeline.audit/1`.
    var json: JSONValue {
        [
            "schema": "pipeline.audit/1", "reproduced": .bool(isReproduced),
            "other_surroundings": .bool(AuditSurroundings.areEntered),
            "sample": sample.map { .number($0) } ?? .null, "seed": .string(String(seed)),
            "stages": .array(entries.map(Self.json)),
        ]
    }

    private static func json(_ entry: Entry) -> JSONValue {
        let audit = entry.audit
        var members: [String: JSONValue] = [
            "stage": .string(audit.stage), "kind": .string(audit.kind.rawValue), "seconds": .number(audit.seconds),
            "reproduced": .bool(entry.isReproduced), "reproducible": .bool(!entry.isServed),
            "other_machine": entry.otherMachine.map { .string($0) } ?? .null,
        ]
        if let sample = audit.sample {
            members["rows"] = .integer(Int64(sample.rows))
            members["of_rows"] = .integer(Int64(sample.of))
        }
        switch audit.outcome {
        case .noResult(let reason): members["no_result"] = .string(reason)
        case .damaged(let message): members["damaged"] = .string(message)
        case .failed(let message): members["failed"] = .string(message)
        case .compared(let outputs): members["outputs"] = .array(outputs.map(json))
        }
        return .object(members)
    }

    private static func json(_ output: AuditedOutput) -> JSONValue {
        var members: [String: JSONValue] = ["port": .string(output.port), "rows": .integer(Int64(output.rows))]
        switch output.verdict {
        case .identical: members["verdict"] = "identical"
        case .reordered: members["verdict"] = "reordered"
        case .close(let largest):
            members["verdict"] = "close"
            members["largest"] = .number(largest)
        case .different(let difference):
            members["verdict"] = "different"
            members["row"] = .integer(Int64(difference.row + 1))
            members["path"] = .string(difference.path)
            members["stored"] = difference.stored ?? .null
            members["computed"] = difference.computed ?? .null
        }
        return .object(members)
    }
}
