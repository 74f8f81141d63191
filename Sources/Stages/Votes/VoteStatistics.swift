/// How models fare by votes, and how far judges agree, counted as FastChat and the MT-Bench paper count (Zheng et al., 2023,
/// §4).
///
/// Votes on one question are not independent: intervals are over questions.
package struct VoteStatistics {
    private let votes: [Vote]
    private let estimator: Estimator

    package init(_ votes: [Vote], estimator: Estimator) {
        self.votes = votes
        self.estimator = estimator
    }

    /// The kinds of judges, in the order of their names.
    package var judges: [String] { Set(votes.map(\.judge)).sorted() }

    // MARK: Models

    /// For each kind of judge and each model: wins, losses and ties over all turns, and FastChat's shares of them.
    package var standings: [Measurement] {
        judges.flatMap { judge in
            let heard = votes.filter { $0.judge == judge }
            let models = Set(heard.flatMap { [$0.subject.first, $0.subject.second] }).sorted()
            return models.flatMap { standing(of: $0, by: judge, heard) }
        }
    }

    private func standing(of model: String, by judge: String, _ heard: [Vote]) -> [Measurement] {
        let own = heard.filter { [$0.subject.first, $0.subject.second].contains(model) }
        func isWon(_ vote: Vote) -> Bool {
            vote.winner == .first && vote.subject.first == model
                || vote.winner == .second && vote.subject.second == model
        }
        let wins = own.count(where: isWon), ties = own.count { $0.winner == .tie }
        let losses = own.count - wins - ties
        func count(_ name: String, _ count: Int) -> Measurement {
            Measurement(
                name: "\(name)/\(judge)/\(model)", value: Double(count), count: own.count, note: "votes, all turns")
        }
        func share(_ name: String, _ note: String, _ credit: (Vote) -> Double) -> Measurement {
            estimator.ratio(
                "\(name)/\(judge)/\(model)",
                own.grouped(by: \.subject.question).map { group in
                    RatioSample(group.elements.reduce(0) { $0 + credit($1) }, of: Double(group.elements.count))
                }, note)
        }
        return [
            count("win", wins), count("loss", losses), count("tie", ties),
            share("win_rate", "wins of all votes; intervals are over questions") { isWon($0) ? 1 : 0 },
            share("loss_rate", "losses of all votes") { isWon($0) || $0.winner == .tie ? 0 : 1 },
            share("win_rate_adjusted", "(wins + ties / 2) of all votes") {
                isWon($0) ? 1 : $0.winner == .tie ? 0.5 : 0
            },
        ]
    }

    // MARK: Judges

    /// For each two kinds of judges, and for each kind with itself: how often two votes on the same two answers are the
    /// same. Every vote of one is compared with every vote of the other; with ties as votes like any other (the paper's
    /// setup 1), and without them (setup 2).
    package var agreements: [Measurement] {
        let turns = Set(votes.map(\.subject.turn)).sorted()
        return judges.enumerated().flatMap { index, first in
            judges[index...].flatMap { second in
                turns.flatMap { turn in
                    [true, false].compactMap { agreement(first, second, turn: turn, withTies: $0) }
                }
            }
        }
    }

    /// Nil where no two such votes are on the same answers.
    private func agreement(_ first: String, _ second: String, turn: Int, withTies: Bool) -> Measurement? {
        let heard = votes.filter {
            $0.subject.turn == turn && (withTies || $0.winner != .tie) && [first, second].contains($0.judge)
        }
        let samples = heard.grouped(by: \.subject.question).map { question in
            question.elements.grouped(by: \.subject).reduce(RatioSample(0, of: 0)) { sum, group in
                let pairs = Self.pairs(group.elements, first, second)
                return RatioSample(sum.numerator + pairs.alike, of: sum.denominator + pairs.all)
            }
        }
        guard samples.contains(where: { $0.denominator > 0 }) else { return nil }
        let setup = withTies ? "with_ties" : "without_ties"
        return estimator.ratio(
            "agreement/\(first)/\(second)/turn_\(turn)/\(setup)", samples,
            "share of pairs of votes on the same answers that are the same; intervals are over questions")
    }

    /// How many pairs there are of a vote of the first kind and one of the second, and how many of them are alike.
    private static func pairs(_ votes: [Vote], _ first: String, _ second: String) -> (alike: Double, all: Double) {
        func pairs(_ votes: [Vote]) -> Double {
            func count(_ judge: String) -> Double { Double(votes.count { $0.judge == judge }) }
            return first == second ? count(first) * (count(first) - 1) / 2 : count(first) * count(second)
        }
        let alike = [Vote.Winner.first, .second, .tie].map { winner in pairs(votes.filter { $0.winner == winner }) }
        return (alike.reduce(0, +), pairs(votes))
    }
}
