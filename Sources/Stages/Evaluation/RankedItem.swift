/// The responses to one instruction with the human rank and the model's scores: what the metrics are taken over.
package struct RankedItem: Sendable, Equatable {
    package struct Response: Sendable, Equatable {
        /// 0 is the best; equal ranks are a human tie.
        package let rank: Int
        /// The model's mean score; nil if unscored.
        package let score: Double?
        /// The single verdicts behind it, nil where unparsable.
        package let samples: [Double?]

        package init(rank: Int, score: Double?, samples: [Double?] = []) {
            self.rank = rank
            self.score = score
            self.samples = samples
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

    /// One entry for each pair with different human ranks.
    package var pairs: [Agreement] {
        var pairs: [Agreement] = []
        for (place, first) in responses.enumerated() {
            for second in responses[(place + 1)...] where first.rank != second.rank {
                let (better, worse) = first.rank < second.rank ? (first, second) : (second, first)
                guard let high = better.score, let low = worse.score else {
                    pairs.append(.unscored)
                    continue
                }
                let isTied = abs(high - low) <= PairBuilder.equality
                pairs.append(isTied ? .tied : high > low ? .agrees : .disagrees)
            }
        }
        return pairs
    }
}
