import Foundation
import Stages
import Testing

@Suite("Signs that a judge has collapsed")
struct JudgeAlarmTests {
    /// Responses with one reply each.
    private func judged(_ scores: [Double?], characters: (Int) -> Int = { _ in 10 }) -> [JudgeAlarms.Judged] {
        scores.enumerated().map { .init(characters: characters($0), scores: [$1]) }
    }

    @Test("one score above the share: a warning with the score and its share (lucidrains' judge says 5 always)")
    func oneScore() {
        let alarms = JudgeAlarms(judged(Array(repeating: 5, count: 45) + Array(repeating: 2, count: 5)))
        #expect(alarms.commonest?.score == 5 && alarms.commonest?.share == 0.9)
        #expect(alarms.warnings == ["90 % of 50 scores are 5: the judge hardly tells responses apart"])
        let atTheShare = JudgeAlarms(judged(Array(repeating: 5, count: 40) + (0..<10).map { Double($0 % 5) }))
        #expect(atTheShare.commonest?.share == 0.8 && atTheShare.warnings.isEmpty)
    }

    @Test("little entropy: a warning also where no score is above the share")
    func entropy() throws {
        // 0.79 and 0.21: −0.79·log₂0.79 − 0.21·log₂0.21
        let alarms = JudgeAlarms(judged(Array(repeating: 4, count: 79) + Array(repeating: 3, count: 21)))
        let expected = -0.79 * log2(0.79) - 0.21 * log2(0.21)
        #expect(abs(try #require(alarms.entropy) - expected) < 1e-12 && expected < 0.8)
        #expect(
            alarms.warnings == ["the scores have an entropy of 0.74 bits: the judge hardly tells responses apart"])
        let even = JudgeAlarms(judged((0..<60).map { Double($0 % 6) }))
        #expect(abs(try #require(even.entropy) - log2(6)) < 1e-12)
        #expect(even.warnings.isEmpty)
    }

    @Test("fractional scores count with the nearest whole score")
    func fractions() {
        let alarms = JudgeAlarms(judged((0..<40).map { 2.6 + Double($0) / 100 }))
        #expect(alarms.commonest?.score == 3 && alarms.commonest?.share == 1)
        #expect(alarms.entropy == 0)
    }

    @Test("few verdicts raise no alarm")
    func few() {
        #expect(JudgeAlarms(judged(Array(repeating: 5, count: 29))).warnings.isEmpty)
        #expect(JudgeAlarms(judged(Array(repeating: 5, count: 30))).warnings.count == 1)
    }

    @Test("failures that go with length: a warning with the direction", arguments: [true, false])
    func failuresByLength(longFail: Bool) throws {
        let scores = (0..<60).map { index -> Double? in (index >= 30) == longFail ? nil : Double(index % 6) }
        let alarms = JudgeAlarms(judged(scores) { $0 * 7 })
        // Half fail, all of them on one side of the median: ρ = ±√3/2 but for ties.
        let correlation = try #require(alarms.failureLengthCorrelation)
        #expect(abs(abs(correlation) - 0.87) < 0.01 && (correlation > 0) == longFail)
        #expect(
            alarms.warnings == [
                "replies about \(longFail ? "longer" : "shorter") responses have no score more often "
                    + "(Spearman \(longFail ? "" : "-")0.87 over 60 responses): what is left to pair is not a fair sample"
            ])
    }

    @Test("failures that do not go with length are no alarm")
    func failuresAtRandom() throws {
        let scores = (0..<60).map { index -> Double? in index % 3 == 0 ? nil : Double(index % 6) }
        let alarms = JudgeAlarms(judged(scores) { $0 * 7 })
        #expect(abs(try #require(alarms.failureLengthCorrelation)) < 0.1)
        #expect(alarms.warnings.isEmpty)
    }

    @Test("nothing judged, nothing readable and nothing failed have no numbers, and raise no alarm")
    func nothing() {
        for judged in [[], judged(Array(repeating: nil, count: 40)), [.init(characters: 3, scores: [])]] {
            let alarms = JudgeAlarms(judged)
            #expect(alarms.commonest == nil && alarms.entropy == nil && alarms.failureLengthCorrelation == nil)
            #expect(alarms.warnings.isEmpty)
        }
    }
}
