import Foundation
import Model
import Stages
import Testing

@Suite("The win rate at equal lengths")
struct LengthAdjustmentTests {
    private func adjustment(_ comparisons: [LengthComparison]) -> LengthAdjustment {
        LengthAdjustment(comparisons.map { [$0] })
    }

    private func comparisons(_ differences: [Double], _ shares: [Double]) -> [LengthComparison] {
        zip(differences, shares).map { LengthComparison(share: $1, difference: $0) }
    }

    /// Values of scipy's BFGS on the same penalised likelihood.
    @Test("agrees with an independent maximiser, also where the longer response always wins")
    func independent() throws {
        let differences: [Double] = [10, -20, 30, -40, 5, 0, -15, 60, -70, 25]
        let mixed = adjustment(comparisons(differences, [1, 0.5, 0, 1, 1, 0.5, 0, 0, 1, 1]))
        #expect(abs(try #require(mixed.rate) - 0.6018974179803062) < 1e-7)
        let separated = adjustment(comparisons(differences, differences.map { $0 < 0 ? 1 : $0 == 0 ? 0.5 : 0 }))
        #expect(abs(try #require(separated.rate) - 0.440450826299442) < 1e-7)
    }

    @Test("equal lengths give the raw rate")
    func equalLengths() throws {
        let shares: [Double] = [1, 0, 0.5, 1, 1, 0.25]
        let rate = try #require(adjustment(comparisons(shares.map { _ in 0 }, shares)).rate)
        #expect(rate == shares.reduce(0, +) / 6)
    }

    /// 4,000 comparisons whose winner is drawn with log-odds `constant` − `slope` · tanh(Δ/σ), Δ normal about `middle`.
    private func simulated(constant: Double, slope: Double, middle: Double) -> [LengthComparison] {
        var generator = Philox(key: 11)
        let differences = (0..<4000).map { _ in
            middle + 300 * (0..<12).reduce(-6.0) { sum, _ in sum + generator.uniform() }
        }
        return differences.map { difference in
            let odds = constant - slope * tanh(difference / 300)
            return LengthComparison(share: generator.uniform() < 1 / (1 + exp(-odds)) ? 1 : 0, difference: difference)
        }
    }

    /// The standard error of a rate near 0.5 from 4,000 comparisons is 0.008, and larger away from the middle.
    @Test("finds the rate that data were made with", arguments: [(0.8, 1.0, -100.0), (-0.5, 2, -200), (0, 0, 50)])
    func simulation(constant: Double, slope: Double, middle: Double) throws {
        let rate = try #require(adjustment(simulated(constant: constant, slope: slope, middle: middle)).rate)
        #expect(abs(rate - 1 / (1 + exp(-constant))) < 0.04)
    }

    @Test("a model that wins by length alone falls to a half")
    func onlyByLength() throws {
        let data = simulated(constant: 0, slope: 3, middle: -250)
        let raw = data.reduce(0) { $0 + $1.share } / Double(data.count)
        #expect(raw > 0.7)
        #expect(abs(try #require(adjustment(data).rate) - 0.5) < 0.05)
    }

    @Test("one that wins, or loses, everything stays where it is")
    func extremes() {
        #expect(adjustment(comparisons([3, -8, 40], [1, 1, 1])).rate == 1)
        #expect(adjustment(comparisons([3, -8, 40], [0, 0, 0])).rate == 0)
        #expect(adjustment(comparisons([7], [0.5])).rate == nil, "one length tells nothing of length")
        #expect(adjustment(comparisons([0], [0.5])).rate == 0.5)
    }

    @Test("where length and skill cannot be told apart there is no number, and the note says why")
    func undefined() throws {
        func measured(_ data: [LengthComparison]) -> Stages.Measurement {
            adjustment(data).measurement(bootstrap: Bootstrap(), generator: Philox(key: 1))
        }
        let same = measured(comparisons([-50, -50, -50], [1, 0, 1]))
        #expect(same.value == nil && same.lower == nil && same.count == 3)
        #expect(same.note?.hasSuffix("here the lengths always differ by the same, so that it cannot be told") == true)
        let none = measured([])
        #expect(none.value == nil && none.count == 0 && none.note?.hasSuffix("nothing was compared") == true)
        #expect(measured(comparisons([0], [0.5])).lower == nil, "one prompt has no interval")
        let longer = measured(comparisons([-50, -70, -10], [1, 0, 1]))
        #expect(longer.value != nil && longer.note?.hasSuffix("so that it is extrapolated") == true)
    }

    @Test("its interval is over prompts, holds the value, and is the same each time")
    func interval() throws {
        let data = Array(simulated(constant: 0.5, slope: 1, middle: -50).prefix(300))
        let adjustment = LengthAdjustment((0..<100).map { Array(data[(3 * $0)..<(3 * $0 + 3)]) })
        let bootstrap = Bootstrap(resamples: 300)
        let measured = adjustment.measurement(bootstrap: bootstrap, generator: Philox(key: 5))
        let value = try #require(measured.value), lower = try #require(measured.lower)
        let upper = try #require(measured.upper)
        #expect(measured.count == 300 && lower < value && value < upper)
        // Four standard errors of a rate of 300.
        #expect(upper - lower > 0.05 && upper - lower < 0.25)
        #expect(adjustment.measurement(bootstrap: bootstrap, generator: Philox(key: 5)) == measured)
    }

    @Test("lengths are code points, and a longer response has a negative difference")
    func codePoints() {
        // The flag is one character of two code points.
        let comparison = LengthComparison(share: 1, response: "🇫🇷 oui", baseline: "no")
        #expect(comparison.difference == -4)
    }
}
