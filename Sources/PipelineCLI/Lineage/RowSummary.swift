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
        case "text-point":
            let group = row["group"]?.stringValue ?? ""
            return ["\(group) at \(number(row["x"])), \(number(row["y"]))"] + texts(row, "text")
        case "ledger-entry":
            let words = ["decision", "reason", "detail"].compactMap { row[$0]?.stringValue }
            return [words.filter { !$0.isEmpty }.joined(separator: ": ")]
        case "preference-pair":
            // Without a judge, the seed's response was chosen.
            guard row["chosen_score"]?.doubleValue != nil else { return ["chosen the seed's response"] }
            return ["chosen \(number(row["chosen_score"])) against \(number(row["rejected_score"]))"]
        case "reference-logp":
            return ["chosen \(number(row["chosen"])), rejected \(number(row["rejected"])) nats"]
        case "ranking":
            return texts(row, "prompt") + ["\(row["responses"]?.arrayValue?.count ?? 0) ranked replies"]
        case "mt-bench-answer":
            return (row["turns"]?.arrayValue ?? []).flatMap { turn in
                texts(turn, "prompt") + texts(turn, "text").map { replyMark + $0 }
            }
        case "prompt-label":
            let value = row["value"]?.stringValue ?? "not labelled, \(row["reason"]?.stringValue ?? "")"
            return ["\(row["aspect"]?.stringValue ?? ""): \(value)"]
        case "judgement", "mt-bench-judgement":
            let verdicts = row["verdicts"]?.arrayValue ?? []
            return ["score \(number(row["score"])) of \(Quantities.count(verdicts.count, "verdict"))"]
                + verdicts.map { verdictMark + verdict($0) }
        default: return (try? CanonicalJSON.text(row)).map { [$0] } ?? []
        }
    }

    /// What the judge wrote, and why no score was read from it.
    private static func verdict(_ reply: JSONValue) -> String {
        let text = texts(reply, "raw").joined()
        return reply["reason"]?.stringValue.map { "\(text) [no score: \($0)]" } ?? text
    }

    private static func texts(_ row: JSONValue, _ member: String) -> [String] {
        guard let text = row[member]?.stringValue else { return [] }
        return [text.allSatisfy(\.isWhitespace) ? "(no text)" : text]
    }

    private static func number(_ value: JSONValue?) -> String {
        value?.doubleValue.map { Quantities.significant($0) } ?? "–"
    }
}
