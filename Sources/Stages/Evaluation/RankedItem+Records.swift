extension RankedItem {
    /// Rankings with what a judge says of their responses.
    /// - Parameter judgements: one for each response of each ranking, in order.
    static func items(_ rankings: [Ranking], _ judgements: [Judgement]) -> [RankedItem] {
        var rest = judgements[...]
        return rankings.map { ranking in
            RankedItem(
                id: ranking.id,
                responses: ranking.responses.map { response in
                    let judgement = rest.popFirst()
                    let verdicts = judgement?.verdicts ?? []
                    return .init(
                        rank: response.rank, score: judgement?.score, samples: verdicts.map(\.value),
                        stated: verdicts.count { $0.reason == nil }, traits: ResponseTraits(response.text))
                })
        }
    }
}

extension [Ranking] {
    var responseCount: Int { reduce(0) { $0 + $1.responses.count } }
}
