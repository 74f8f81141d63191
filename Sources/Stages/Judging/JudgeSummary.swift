internal import Artifacts

/// Numbers about judge replies for the closing table.
enum JudgeSummary {
    static func members(_ judgements: [Judgement]) -> [String: JSONValue] {
        let replies = judgements.flatMap(\.verdicts)
        let unparsed = replies.compactMap { $0.reason?.rawValue }
        let parseRate = replies.isEmpty ? nil : Double(replies.count - unparsed.count) / Double(replies.count)
        return [
            "judged": .count(judgements.count),
            "verdicts": .count(replies.count),
            "parse_rate": .number(parseRate),
            "unparsable": .counts(unparsed.reduce(into: [:]) { $0[$1, default: 0] += 1 }),
            "cut_off": .count(replies.count { $0.finish == .length }),
            "does_not_fit": .count(replies.count { $0.finish == .doesNotFit }),
            "unscored": .count(judgements.count { $0.score == nil }),
            "score_histogram": .histogram(replies.compactMap(\.value)),
            "mean_score": .number(mean(judgements.compactMap(\.score))),
            "mean_variance": .number(mean(judgements.compactMap(\.variance))),
        ]
    }
}
