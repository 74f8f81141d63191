import Artifacts
import Model
import Stages
import Testing

@Suite("Scores on MT-Bench")
struct MTBenchScoresTests {
    private func measure(_ items: [MTBenchScores.Item]) -> [String: Measurement] {
        let rows = MTBenchScores(items, scale: 1...10, estimator: .fixed(resamples: 200)).measurements
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0) })
    }

    @Test("means are over turns with a score, in the paper's two groups, by turn and by category")
    func means() throws {
        let found = measure([
            .init(category: "math", scores: [2, 4]), .init(category: "coding", scores: [3, nil]),
            .init(category: "writing", scores: [9, 8]), .init(category: "stem", scores: [10, 7]),
            .init(category: "gardening", scores: [1]), .init(category: "reasoning", scores: [nil, nil]),
        ])
        func number(_ name: String) -> [Double?] { [found[name]?.value, found[name].map { Double($0.count) }] }
        // (2 + 4 + 3 + 9 + 8 + 10 + 7 + 1) / 8
        #expect(number("score") == [5.5, 8])
        #expect(number("score_turn_1") == [5, 5])  // (2 + 3 + 9 + 10 + 1) / 5
        #expect(number("score_turn_2") == [19.0 / 3, 3])  // 4, 8, 7
        #expect(number("score_math_code_reasoning") == [3, 3])  // 2, 4, 3
        #expect(number("score_other_five") == [8.5, 4])  // 9, 8, 10, 7; gardening is in neither
        #expect(number("score/math") == [3, 2] && number("score/gardening") == [1, 1])
        #expect(number("score/reasoning") == [nil, 0])
        #expect(number("unscored") == [3.0 / 11, 11])
        #expect(found["score/roleplay"] == nil, "no question of it")
        let interval = try #require(found["score"])
        #expect((interval.lower ?? 0) < 5.5 && (interval.upper ?? 0) > 5.5)
    }

    @Test("FastChat's Llama 2 70B of the paper: groups of 30 and 50 questions make the mean of the whole")
    func groups() throws {
        let hard = ["math", "coding", "reasoning"].flatMap { category in
            (0..<10).map { _ in MTBenchScores.Item(category: category, scores: [4.17, 4.17]) }
        }
        let other = ["humanities", "extraction", "stem", "roleplay", "writing"].flatMap { category in
            (0..<10).map { _ in MTBenchScores.Item(category: category, scores: [9.1, 9.1]) }
        }
        // Table 2, M3: 4.17 and 9.10 make 7.25.
        let value = try #require(measure(hard + other)["score"]?.value)
        #expect(abs(value - 7.25) < 0.005)
    }

    @Test("one question has no interval; none at all, and a judge that never rates, have no number")
    func few() throws {
        let one = try #require(measure([.init(category: "math", scores: [7, 8])])["score"])
        #expect(one.value == 7.5 && one.lower == nil && one.upper == nil && one.count == 2)
        for items in [[], [MTBenchScores.Item(category: "math", scores: [nil, nil])]] {
            let found = measure(items)
            #expect(found["score"]?.value == nil && found["score"]?.count == 0)
            #expect(found.values.allSatisfy { $0.value.map(\.isFinite) ?? true })
            // Every row can be written: JSON has no NaN.
            for row in found.values { _ = try CanonicalJSON.encode(encodable: row) }
        }
    }
}
