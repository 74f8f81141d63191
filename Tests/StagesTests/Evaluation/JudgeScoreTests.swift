import Model
import Stages
import Testing

/// Responses as text, with rank and verdicts.
private func item(_ id: String, _ responses: [(rank: Int, text: String, verdicts: [Double?])]) -> RankedItem {
    RankedItem(
        id: id,
        responses: responses.map { response in
            let known = response.verdicts.compactMap(\.self)
            return .init(
                rank: response.rank, score: known.isEmpty ? nil : known.reduce(0, +) / Double(known.count),
                samples: response.verdicts, traits: ResponseTraits(response.text))
        })
}

private func measure(_ items: [RankedItem], scale: ClosedRange<Int>? = 0...5) -> [String: Measurement] {
    let quality = JudgeQuality(items, scale: scale, estimator: .fixed(resamples: 200))
    return Dictionary(uniqueKeysWithValues: quality.measurements.map { ($0.name, $0) })
}

@Suite("What scores a judge gives, and what they are worth")
struct JudgeScoreTests {
    private let items = [
        item("a", [(0, "x", [5, 5]), (1, "x", [3, nil]), (2, "x", [1, 0])]),
        item("b", [(0, "x", [5, 4]), (1, "x", [nil, nil])]),
    ]

    @Test("parse rate, shares and entropy are of single verdicts")
    func distribution() throws {
        let found = measure(items)
        #expect(found["parse_rate"]?.value == 0.7 && found["parse_rate"]?.count == 10)
        // 5, 5, 3, 1, 0, 5, 4
        #expect((0...5).map { found["score_share_\($0)"]?.value } == [1, 1, 0, 1, 1, 3].map { $0 / 7.0 })
        #expect(found["score_share_5"]?.count == 7 && found["score_share_5"]?.lower != nil)
        // 4/7 · log₂ 7 + 3/7 · log₂ 7/3
        #expect(abs(try #require(found["score_entropy"]?.value) - 2.128085278891394) < 1e-12)
        #expect(found["score_entropy"]?.count == 7)
    }

    @Test("mean rank at a score: 0 is the best of its instruction, 1 the worst, and ties share their place")
    func calibration() {
        let found = measure(items)
        // a: means 5, 3, 0.5 at places 0, ½, 1, of which 0.5 is nearest to 1. b: mean 4.5, nearest to 5, at place 0.
        #expect(found["mean_rank_at_score_5"]?.value == 0 && found["mean_rank_at_score_5"]?.count == 2)
        #expect(found["mean_rank_at_score_3"]?.value == 0.5 && found["mean_rank_at_score_1"]?.value == 1)
        #expect(found["mean_rank_at_score_2"]?.value == nil && found["mean_rank_at_score_2"]?.count == 0)
        // Human ties: places ¼, ¼, 1 … of ranks 3, 3, 9.
        let tied = item("t", [(3, "x", [4]), (3, "x", [4]), (9, "x", [4])])
        #expect(tied.places == [0.25, 0.25, 1] && measure([tied])["mean_rank_at_score_4"]?.value == 0.5)
    }

    @Test("Pearson by instruction, and over all responses with the instructions' means taken out")
    func pearson() throws {
        // a: preferences 1, ½, 0 and scores 5, 3, 1: r = 1. b: 1, 0 and 1, 3: r = −1.
        let found = measure([
            item("a", [(0, "x", [5]), (1, "x", [3]), (2, "x", [1])]), item("b", [(0, "x", [1]), (1, "x", [3])]),
        ])
        #expect(abs(try #require(found["pearson"]?.value)) < 1e-12 && found["pearson"]?.count == 2)
        // Products: a 2 · ½ · 2 = 2, b −2 · ½ = −1. Squares of scores: 8 + 2; of preferences: ½ + ½.
        #expect(abs(try #require(found["pearson_pooled"]?.value) - 1 / 10.0.squareRoot()) < 1e-12)
        #expect(found["pearson_pooled"]?.count == 5)
    }

    @Test("scores without a scale have neither histogram nor 5-best nor calibration")
    func noScale() {
        let found = measure([item("a", [(0, "x", [-1.5]), (1, "x", [-2.5])])], scale: nil)
        #expect(found["pairwise_accuracy"]?.value == 1 && found["parse_rate"]?.value == 1)
        #expect(!found.keys.contains { $0.hasPrefix("score_") && !$0.hasPrefix("score_with") })
        #expect(!found.keys.contains { $0.hasPrefix("five_best") || $0.hasPrefix("mean_rank") })
    }

    @Test(
        "one instruction, no verdict that can be read, nothing but ties, single responses: nil, and never NaN",
        arguments: [
            [], [item("a", [(0, "x", [5]), (1, "xx", [3])])],
            [item("a", [(0, "x", [nil]), (1, "y", [nil])]), item("b", [(0, "x", [nil]), (1, "y", [nil])])],
            [item("a", [(0, "x", [3]), (1, "x", [3])]), item("b", [(0, "x", [3]), (1, "x", [3])])],
            [item("a", [(0, "x", [3])]), item("b", [(0, "y", [4])])], [item("a", []), item("b", [])],
            [item("a", [(0, "x", [5]), (0, "y", [3])]), item("b", [(1, "x", [5]), (1, "y", [3])])],
            // What no judge writes, and a row from outside may hold.
            [
                item("a", [(0, "- x\n- y", [1.5e308, 1.5e308]), (1, "y", [-1.5e308])]),
                item("b", [(0, "- x\n- y", [1e200]), (1, "y", [-1e200])]),
            ],
        ])
    func edges(items: [RankedItem]) {
        let found = measure(items)
        for measurement in found.values {
            for number in [measurement.value, measurement.lower, measurement.upper].compactMap(\.self) {
                #expect(number.isFinite, "\(measurement.name)")
            }
            // An interval has a value inside, and more than one instruction behind it.
            #expect(measurement.lower == nil || (measurement.value != nil && items.count > 1), "\(measurement.name)")
            #expect((measurement.lower ?? 0) <= (measurement.upper ?? 0))
        }
        #expect(found["spearman_given_length"]?.value == nil)
        #expect(Set(found.keys).isSuperset(of: ["pearson", "pearson_pooled", "score_entropy", "length_spearman"]))
    }

    @Test("all verdicts alike have no entropy, and a minus before no zero")
    func noEntropy() throws {
        let found = measure([item("a", [(0, "x", [3]), (1, "y", [3])]), item("b", [(0, "x", [3]), (1, "y", [3])])])
        let entropy = try #require(found["score_entropy"])
        #expect(entropy.value == 0 && entropy.value?.sign == .plus && entropy.lower == nil)
    }
}

@Suite("What sways a judge")
struct JudgeBiasTests {
    @Test("a judge that goes by length alone: right where the better is longer, wrong where it is shorter")
    func length() {
        let found = measure([
            item("a", [(0, "long text", [9]), (1, "text", [4])]),
            item("b", [(0, "text", [4]), (1, "long text", [9])]),
            item("c", [(0, "much longer text", [16]), (1, "same", [4]), (2, "text", [4])]),
        ])
        #expect(abs((found["length_spearman"]?.value ?? 0) - 1) < 1e-12 && found["length_spearman"]?.count == 3)
        // a: 1, b: −1; c: preference ranks 3, 2, 1 against lengths 3, 1½, 1½: 1.5/√(2 · 1.5).
        let people = (1.5 / 3.0.squareRoot()) / 3
        #expect(abs((found["length_spearman_people"]?.value ?? 0) - people) < 1e-12)
        #expect(found["pairwise_accuracy_better_longer"]?.value == 1)
        #expect(found["pairwise_accuracy_better_longer"]?.count == 3)
        #expect(found["pairwise_accuracy_better_shorter"]?.value == 0)
        #expect(found["pairwise_accuracy_better_shorter"]?.count == 1)
        // The scores are the lengths: nothing is left of them.
        #expect(found["spearman_pooled"]?.value != nil && found["spearman_given_length"]?.value == nil)
    }

    @Test("format: within instructions that have responses with and without, for scores and for people")
    func format() {
        let list = "- one\n- two"
        let found = measure([
            item("a", [(0, list, [5]), (1, "plain", [2]), (2, "plain", [3])]),
            item("b", [(0, "plain", [4]), (1, list, [5])]), item("c", [(0, "plain", [1]), (1, "plain", [5])]),
            item("d", [(0, list, [nil]), (1, "plain", [5])]),
        ])
        // a: 5 − 2.5, b: 5 − 4; c has no list, d's is unscored.
        #expect(found["score_with_list"]?.value == 1.75 && found["score_with_list"]?.count == 2)
        // a: 0 − ¾, b: 1 − 0.
        #expect(found["rank_with_list"]?.value == 0.125)
        #expect(found["score_with_code"]?.value == nil && found["score_with_code"]?.count == 0)
    }

    @Test("without texts the probes have no values")
    func noTexts() throws {
        let bare = RankedItem(id: "a", responses: [.init(rank: 0, score: 5), .init(rank: 1, score: 3)])
        let found = measure([bare, bare])
        for name in [
            "length_spearman", "spearman_given_length", "pairwise_accuracy_better_longer", "score_with_list",
        ] {
            let row = try #require(found[name])
            #expect(row.value == nil, "\(name)")
        }
        #expect(found["pairwise_accuracy"]?.value == 1)
    }
}
