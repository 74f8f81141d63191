internal import Artifacts

/// What lengths have to do with pairs and scores, before anything is trained on them: a judge that likes length teaches
/// length.
struct LengthStatistics {
    private let candidates: [Candidate]
    private let pairs: [PreferencePair]
    private let scoreOf: [String: Double]

    init(candidates: [Candidate], judgements: [Judgement], pairs: [PreferencePair]) {
        self.candidates = candidates.filter { !$0.isMissing }
        self.pairs = pairs
        scoreOf = Dictionary(judgements.compactMap { row in row.score.map { (row.candidateID, $0) } }) { first, _ in
            first
        }
    }

    var members: [String: JSONValue] {
        let within = correlations.compactMap(\.self)
        return [
            "chosen_characters": .number(mean(pairs.map { Double($0.chosen.count) })),
            "rejected_characters": .number(mean(pairs.map { Double($0.rejected.count) })),
            "chosen_longer": .number(mean(pairs.map { $0.chosen.count > $0.rejected.count ? 1 : 0 })),
            "characters": .object([
                "candidates": spread(candidates.map(\.text.count)), "chosen": spread(pairs.map(\.chosen.count)),
                "rejected": spread(pairs.map(\.rejected.count)),
            ]),
            // Over prompts whose responses differ in score and in length.
            "score_length_spearman": .object([
                "mean": .number(mean(within)), "prompts": .count(within.count),
                "all_responses": .number(correlation(candidates)),
            ]),
        ]
    }

    /// Spearman's ρ of score and length among the responses to each prompt; nil where one of the two does not vary.
    private var correlations: [Double?] {
        candidates.grouped(by: \.promptID).map { correlation($0.elements) }
    }

    private func correlation(_ candidates: [Candidate]) -> Double? {
        let scored = candidates.compactMap { candidate in scoreOf[candidate.id].map { ($0, candidate.text.count) } }
        return RankCorrelation.spearman(scored.map(\.0), scored.map { Double($0.1) })
    }

    /// Where the values lie: the ends, and the places that a half and nine tenths of them do not exceed.
    private func spread(_ values: [Int]) -> JSONValue {
        guard !values.isEmpty else { return .null }
        let sorted = values.sorted()
        func value(at share: Double) -> JSONValue {
            .count(sorted[Int((share * Double(sorted.count - 1)).rounded(.up))])
        }
        return .object(["least": value(at: 0), "median": value(at: 0.5), "p90": value(at: 0.9), "most": value(at: 1)])
    }
}
