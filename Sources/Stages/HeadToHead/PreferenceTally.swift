package import Model

/// Comparisons of a model's responses with a baseline's as numbers, whoever made them: annotators, or people.
///
/// `WinRate` is what this stage's own judge found; it knows of replies and orders, which are not given here.
package struct PreferenceTally: Sendable {
    package struct Comparison: Equatable, Sendable {
        package let prompt: String
        /// How far it goes to the model: more than 0.5 is a win, less a loss. Nil where nothing was decided.
        package let share: Double?

        package init(prompt: String, share: Double?) {
            self.prompt = prompt
            self.share = share
        }
    }

    package let wins: Int
    package let losses: Int
    package let ties: Int
    package let noVerdict: Int
    private let shares: [Double]
    /// The shares of each prompt's comparisons.
    private let groups: [[Double?]]
    private let samples: [RatioSample]
    /// Prompts with more wins than losses, and with fewer.
    private let prompts: (won: Int, lost: Int)

    package init(_ comparisons: [Comparison]) {
        shares = comparisons.compactMap(\.share)
        wins = shares.count { $0 > 0.5 }
        losses = shares.count { $0 < 0.5 }
        ties = shares.count { $0 == 0.5 }
        noVerdict = comparisons.count - shares.count
        groups = comparisons.grouped(by: \.prompt).map { $0.elements.map(\.share) }
        let decided = groups.map { $0.compactMap(\.self) }
        samples = decided.map { RatioSample(exactSum($0), of: Double($0.count)) }
        let balances = decided.map { shares in shares.count { $0 > 0.5 } - shares.count { $0 < 0.5 } }
        prompts = (balances.count { $0 > 0 }, balances.count { $0 < 0 })
    }

    /// The mean of the shares: AlpacaEval's `win_rate`, 0 … 1.
    package var rate: Double? { shares.isEmpty ? nil : exactSum(shares) / Double(shares.count) }

    /// (wins + ties / 2) of what was decided: AlpacaEval's `discrete_win_rate`, 0 … 1. Where every share is 0, 0.5 or 1 it
    /// is the same as `rate`.
    package var discreteRate: Double? { mean(shares.map(Self.discrete)) }

    /// A win as 1, a tie as a half.
    static func discrete(_ share: Double) -> Double { share > 0.5 ? 1 : share == 0.5 ? 0.5 : 0 }

    /// Of the mean, as AlpacaEval takes it: the shares' standard deviation (n − 1) by √n. Nil of fewer than two.
    package var standardError: Double? {
        guard shares.count > 1, let rate else { return nil }
        let count = Double(shares.count)
        let variance = exactSum(shares.map { ($0 - rate) * ($0 - rate) }) / (count - 1)
        return variance.squareRoot() / count.squareRoot()
    }

    /// - Parameter generator: gives the bootstrap of a measurement its random numbers.
    package func measurements(
        bootstrap: Bootstrap, generator: (_ measurement: String) -> Philox
    ) -> [Measurement] {
        var forRate = generator("win_rate")
        let all = shares.count + noVerdict
        func part(_ name: String, _ belongs: (Double?) -> Bool) -> Measurement {
            let samples = groups.map { RatioSample(shareOf: $0.map(belongs)) }
            var generator = generator(name)
            return Measurement(
                name: name, value: RatioSample.ratio(samples), count: all,
                interval: bootstrap.interval(samples, generator: &generator),
                note: "of all comparisons; the interval is over prompts")
        }
        return [
            Measurement(
                name: "win_rate", value: rate, count: shares.count,
                interval: bootstrap.interval(samples, generator: &forRate),
                note: "mean share of the comparisons with an outcome, ties half; the interval is over prompts"),
            part("wins") { $0.map { $0 > 0.5 } ?? false },
            part("ties") { $0 == 0.5 },
            part("losses") { $0.map { $0 < 0.5 } ?? false },
            part("no_verdict") { $0 == nil },
            Measurement(
                name: "sign_test_p", value: WinRate.signTest(prompts.won, prompts.lost),
                count: prompts.won + prompts.lost,
                note: "two-sided, prompts won against prompts lost; others are left out"),
        ]
    }
}

/// The sum with the error of each addition carried along (Neumaier, 1974), so that it does not depend on the order but in
/// the last digit.
func exactSum(_ values: [Double]) -> Double {
    var sum = 0.0, lost = 0.0
    for value in values {
        let next = sum + value
        lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
        sum = next
    }
    return sum + lost
}
