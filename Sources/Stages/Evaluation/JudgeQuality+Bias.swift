/// What may sway a judge besides how good a response is. People are swayed too, or have reasons to like what is long: each
/// number about scores has one about human ranks beside it.
extension JudgeQuality {
    var lengthBias: [Measurement] {
        [
            lengthCorrelation("length_spearman", "scores", \.score),
            lengthCorrelation("length_spearman_people", "human preference", \.preference),
            pooled("spearman_pooled", ranks, Self.pooledNote) { $0.correlation(0, 1) },
            pooled(
                "spearman_given_length", ranks, "as spearman_pooled, with the ranks of the lengths held fixed"
            ) { $0.partialCorrelation(0, 1, given: 2) },
            accuracy("pairwise_accuracy_better_shorter", "shorter") { $0 < $1 },
            accuracy("pairwise_accuracy_better_longer", "longer") { $0 > $1 },
        ]
    }

    var formatBias: [Measurement] {
        let traits = [("list", \ResponseTraits.hasList), ("markdown", \.hasMarkdown), ("code", \.hasCode)]
        return traits.flatMap { name, trait in
            [
                difference(
                    "score_with_\(name)", "mean score of scored responses with \(name)", trait,
                    ofWidth: scale.map { Double($0.upperBound - $0.lowerBound) }
                ) { $0.responses.map(\.score) },
                difference(
                    "rank_with_\(name)", "human place, 0 best and 1 worst, of scored responses with \(name)", trait,
                    ofWidth: 1
                ) { $0.places ?? [] },
            ]
        }
    }

    private static let pooledNote =
        "over all scored responses, ranks within the instruction, each less their mean"

    /// Ranks within each instruction of scores, preferences and lengths.
    private var ranks: Pooled {
        Pooled(items.filter { $0.responses.allSatisfy { $0.traits != nil } }) { scored in
            [
                scored.map(\.score), scored.map(\.preference), scored.map { Double($0.traits?.characters ?? 0) },
            ].map(RankCorrelation.meanRanks)
        }
    }

    private func lengthCorrelation(
        _ name: String, _ what: String, _ variable: (RankedItem.Scored) -> Double
    ) -> Measurement {
        measure(
            name,
            "Spearman's ρ of \(what) with characters, per instruction over its scored responses, then averaged over those "
                + "where it is defined", within: -1...1
        ) { item in
            let measured = item.scored.compactMap { response in
                response.traits.map { (variable(response), Double($0.characters)) }
            }
            return RatioSample(mean: RankCorrelation.spearman(measured.map(\.0), measured.map(\.1)))
        }
    }

    private func accuracy(
        _ name: String, _ word: String, isCounted: (_ better: Int, _ worse: Int) -> Bool
    ) -> Measurement {
        measure(name, "as pairwise_accuracy_tie_half, over pairs whose better response has \(word) text") { item in
            let pairs = item.rankedPairs.filter { pair in
                guard let better = pair.better.traits, let worse = pair.worse.traits else { return false }
                return isCounted(better.characters, worse.characters)
            }
            return RatioSample(
                pairs.reduce(0) { $0 + JudgeMetric.credit($1.agreement) }, of: Double(pairs.count))
        }
    }

    /// The mean over responses with a trait less that over responses without, within each instruction that has both.
    /// - Parameter width: how far apart two values can be; nil where nothing bounds them.
    private func difference(
        _ name: String, _ what: String, _ trait: KeyPath<ResponseTraits, Bool>, ofWidth width: Double?,
        _ values: (RankedItem) -> [Double?]
    ) -> Measurement {
        measure(
            name, "\(what) less that of those without, by instruction, over instructions with both",
            within: width.map { -$0...$0 }
        ) { item in
            let known = zip(item.responses, values(item)).compactMap { response, value -> (Bool, Double)? in
                guard let traits = response.traits, let value, response.score != nil else { return nil }
                return (traits[keyPath: trait], value)
            }
            guard let with = mean(known.filter(\.0).map(\.1)), let without = mean(known.filter { !$0.0 }.map(\.1))
            else { return RatioSample(0, of: 0) }
            return RatioSample(with - without, of: 1)
        }
    }
}
