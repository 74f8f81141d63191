package import Model

/// What several people found, prompt by prompt, and how far they agree.
package struct VoteCount: Sendable {
    /// One for each prompt, in the order of the first rater's ballots.
    package let verdicts: [HumanVerdict]
    /// Ballots without a vote.
    package let missing: Int
    /// Votes beyond the first on a ballot, that say the same: they count once.
    package let repeated: Int
    /// Ballots with votes that differ: none of them counts, since nobody can tell which is meant.
    package let contradictory: Int
    /// Of the votes for one of two different answers: how many are for answer 1, by prompt.
    private let upper: [RatioSample]

    /// - Throws: `StageError.unknownBallot` for a vote on a ballot that is not among these.
    package init(_ ballots: [Ballot], _ votes: [CastVote]) throws {
        let known = Set(ballots.map(\.id))
        if let stranger = votes.first(where: { !known.contains($0.ballot) }) {
            throw StageError.unknownBallot(place: stranger.place, ballot: stranger.ballot)
        }
        let cast = Dictionary(grouping: votes.filter { $0.choice != nil }, by: \.ballot)
        func choice(_ ballot: Ballot) -> CastVote.Choice? {
            guard let votes = cast[ballot.id], votes.allSatisfy({ $0.choice == votes[0].choice }) else { return nil }
            return votes[0].choice
        }
        missing = ballots.count { cast[$0.id] == nil }
        contradictory = ballots.count { cast[$0.id] != nil && choice($0) == nil }
        repeated = ballots.reduce(0) { $0 + (choice($1) == nil ? 0 : (cast[$1.id]?.count ?? 1) - 1) }
        let decided = ballots.filter { $0.upper != $0.lower }.grouped(by: \.promptID).map { group in
            group.elements.compactMap(choice).filter { $0 != .tie }
        }
        upper = decided.map { RatioSample(shareOf: $0.map { $0 == .upper }) }
        verdicts = ballots.grouped { [$0.firstID, $0.secondID] }.map { group in
            let first = group.elements[0]
            let votes = group.elements.map { ballot in
                HumanVerdict.Vote(
                    rater: ballot.rater, shown: ballot.shown,
                    value: choice(ballot).map { Self.value($0, ballot.shown) })
            }
            return HumanVerdict(
                promptID: first.promptID, firstID: first.firstID, secondID: first.secondID,
                votes: votes.sorted { $0.rater < $1.rater })
        }
    }

    /// How far a choice is for the first response, wherever it was shown.
    private static func value(_ choice: CastVote.Choice, _ shown: PairwiseJudgement.Shown) -> Double {
        switch choice {
        case .tie: 0.5
        case .upper: shown == .secondThenFirst ? 0 : 1
        case .lower: shown == .secondThenFirst ? 1 : 0
        }
    }

    /// - Parameter generator: gives the bootstrap of a measurement its random numbers.
    package func measurements(
        bootstrap: Bootstrap, generator: (_ measurement: String) -> Philox
    ) -> [Measurement] {
        let tally = PreferenceTally(
            verdicts.map {
                .init(prompt: $0.promptID, share: $0.outcome == .noVerdict ? nil : WinRate.share($0.outcome))
            })
        var forUpper = generator("first_shown_preferred")
        let agreement = RaterAgreement(verdicts.map { $0.votes.compactMap(\.value) })
        return tally.measurements(bootstrap: bootstrap, generator: generator)
            + agreement.measurements(bootstrap: bootstrap, generator: generator) + [
                Measurement(
                    name: "first_shown_preferred",
                    value: RatioSample.ratio(upper), count: Int(upper.reduce(0) { $0 + $1.denominator }),
                    interval: bootstrap.interval(upper, generator: &forUpper),
                    note:
                        "of the votes for one of two different answers: those for the upper one; the interval is over prompts"
                )
            ]
    }
}
