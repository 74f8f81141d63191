internal import Artifacts

/// What a person wants to read of a row: a few texts, without ids and bookkeeping.
enum RowSummary {
    static let verdictMark = "· "
    static let replyMark = "→ "

    /// - Parameter schema: the name of the row's schema.
    static func texts(_ row: JSONValue, schema: String) -> [String] {
        switch schema {
        case "candidate", "prompt", "task-reply": return texts(row, "text")
        // Only the instruction is shown to a model as a demonstration.
        case "example": return texts(row, "prompt")
        case "judge-example": return texts(row, "instruction") + texts(row, "target").map { replyMark + $0 }
        case "ledger-entry":
            return [["decision", "reason", "detail"].flatMap { texts(row, $0) }.joined(separator: ": ")]
        case "preference-pair":
            return ["chosen \(number(row["chosen_score"])) against \(number(row["rejected_score"]))"]
        case "reference-logp":
            return ["chosen \(number(row["chosen"])), rejected \(number(row["rejected"])) nats"]
        case "ranking":
            return texts(row, "prompt") + ["\(row["responses"]?.arrayValue?.count ?? 0) ranked replies"]
        case "judgement":
            let verdicts = row["verdicts"]?.arrayValue ?? []
            return ["score \(number(row["score"])) of \(Quantities.count(verdicts.count, "verdict"))"]
                + verdicts.flatMap { texts($0, "raw").map { verdictMark + $0 } }
        default: return (try? CanonicalJSON.text(row)).map { [$0] } ?? []
        }
    }

    private static func texts(_ row: JSONValue, _ member: String) -> [String] {
        row[member]?.stringValue.flatMap { $0.isEmpty ? nil : [$0] } ?? []
    }

    private static func number(_ value: JSONValue?) -> String {
        value?.doubleValue.map { Quantities.significant($0) } ?? "–"
    }
}
