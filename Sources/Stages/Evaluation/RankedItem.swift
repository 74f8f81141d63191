/// The responses to one instruction with the human rank and the model's scores: what the metrics are taken over.
package struct RankedItem: Sendable, Equatable {
    package struct Response: Sendable, Equatable {
        /// 0 is the best; equal ranks are a human tie.
        package let rank: Int
        /// The model's mean score; nil if unscored.
        package let score: Double?
        /// The single verdicts behind it, nil where unparsable.
        package let samples: [Double?]
        /// How many verdicts state a score; one that does not may have an expectation all the same.
        package let stated: Int
        /// What may sway a judge; nil where the text is not at hand.
        package let traits: ResponseTraits?

        /// - Parameter stated: nil for the number of samples that are not.
        package init(
            rank: Int, score: Double?, samples: [Double?] = [], stated: Int? = nil, traits: ResponseTraits? = nil
        ) {
            self.rank = rank
            self.score = score
            self.samples = samples
            self.stated = stated ?? samples.count { $0 != nil }
            self.traits = traits
        }
    }

    package let id: String
    package let responses: [Response]

    package init(id: String, responses: [Response]) {
        self.id = id
        self.responses = responses
    }

    /// How the model orders two responses that people ranked apart.
    package enum Agreement: Equatable {
        case agrees, disagrees, tied, unscored
    }

    /// Two responses that people ranked apart.
    struct Pair {
        let better: Response
        let worse: Response

        var agreement: Agreement {
            guard let high = better.score, let low = worse.score else { return .unscored }
            let isTied = abs(high - low) <= PairBuilder.equality
            return isTied ? .tied : high > low ? .agrees : .disagrees
        }
    }

    /// One entry for each two responses with different human ranks.
    var rankedPairs: [Pair] {
        var pairs: [Pair] = []
        for (place, first) in responses.enumerated() {
            for second in responses[(place + 1)...] where first.rank != second.rank {
                pairs.append(
                    first.rank < second.rank
                        ? Pair(better: first, worse: second) : Pair(better: second, worse: first))
            }
        }
        return pairs
    }

    /// How the model orders each of them.
    package var pairs: [Agreement] { rankedPairs.map(\.agreement) }

    /// The human rank of each response as a place among the instruction's: 0 is the best, 1 the worst, and equal ranks share
    /// their mean place. Ranks need not be contiguous, so only their order counts. Nil for a single response.
    package var places: [Double]? {
        guard responses.count >= 2 else { return nil }
        return RankCorrelation.meanRanks(responses.map { Double($0.rank) }).map {
            ($0 - 1) / Double(responses.count - 1)
        }
    }

    /// A response with a score: what correlations are taken over.
    struct Scored {
        /// How much people prefer it: one less its place.
        let preference: Double
        /// In units of what counts as equal: means that differ by rounding alone are a tie here, as they are for pairs.
        let score: Double
        let traits: ResponseTraits?
    }

    var scored: [Scored] {
        guard let places else { return [] }
        return zip(responses, places).compactMap { response, place in
            response.score.map {
                Scored(preference: 1 - place, score: ($0 / PairBuilder.equality).rounded(), traits: response.traits)
            }
        }
    }

    /// Positive when high scores go with good ranks.
    func correlation(_ coefficient: ([Double], [Double]) -> Double?) -> Double? {
        let scored = scored
        return coefficient(scored.map(\.preference), scored.map(\.score))
    }
}
