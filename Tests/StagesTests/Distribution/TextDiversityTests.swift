import Model
import Stages
import Testing

@Suite("Diversity of texts")
struct TextDiversityTests {
    private func measure(_ texts: [String], pairs: Int = 1000) -> [String: Measurement] {
        let bootstrap = Bootstrap(resamples: 200)
        let diversity = TextDiversity(texts, mostPairs: pairs, bootstrap: bootstrap) { Philox(key: UInt64($0.count)) }
        return Dictionary(uniqueKeysWithValues: diversity.measurements(of: "g").map { ($0.name, $0) })
    }

    @Test("distinct runs of words, in any script, without regard to case and punctuation")
    func distinct() {
        // the cat sat / the cat ran / a: 7 words, of these the, cat, sat, ran, a; runs of two: the cat twice, cat sat, cat ran.
        let found = measure(["The cat sat.", "the CAT ran", "a"])
        #expect(found["g.distinct_1"]?.value == 5.0 / 7 && found["g.distinct_1"]?.count == 7)
        #expect(found["g.distinct_2"]?.value == 3.0 / 4 && found["g.distinct_3"]?.value == 1)
        let russian = measure(["да да нет"])
        #expect(russian["g.distinct_1"]?.value == 2.0 / 3 && russian["g.mean_words"]?.value == 3)
    }

    @Test("ROUGE-L over all pairs, and its interval by leaving texts out in turn")
    func resemblance() throws {
        // One of six words in common: 2·1/12; the third has none.
        let texts = ["a b c d e f", "a u v w x y", "g h i j k l"]
        let found = try #require(measure(texts)["g.rouge_l"])
        #expect(found.count == 3)
        #expect(abs(try #require(found.value) - 1.0 / 18) < 1e-15)
        // Without one text a single pair is left: 0, 0, 1/6. Variance 2/3 · (2·(1/18)² + (2/18)²) = (1/9)².
        let upper = 1.0 / 18 + 1.959_963_984_540_054 / 9
        #expect(found.lower == 0)
        #expect(abs(try #require(found.upper) - upper) < 1e-12)
    }

    @Test("of many pairs a sample is drawn: the asked number, and near the mean of all")
    func sampled() throws {
        let texts = (0..<60).map { "word\($0 % 7) word\($0 % 5) and the same end" }
        let all = try #require(measure(texts, pairs: 1770)["g.rouge_l"])
        let some = try #require(measure(texts, pairs: 600)["g.rouge_l"])
        #expect(all.count == 1770 && some.count == 600)
        #expect(some.note?.contains("600 of 1770 pairs") == true)
        let (lower, upper) = (try #require(some.lower), try #require(some.upper))
        #expect(lower <= all.value ?? -1 && upper >= all.value ?? 2)
    }

    @Test("texts that repeat, and lengths")
    func repeated() {
        let found = measure(["Name a river.", "name  a river.", "Name a lake.", "Name a river."])
        #expect(found["g.duplicates"]?.value == 0.5 && found["g.mean_words"]?.value == 3)
        #expect(found["g.mean_words"]?.lower == nil, "neither spread nor bounds")
    }

    @Test("no text, one, and texts without a word have no number rather than a wrong one")
    func degenerate() {
        #expect(measure([]).values.allSatisfy { $0.value == nil && $0.count == 0 && $0.lower == nil })
        let one = measure(["Hello"])
        #expect(
            one["g.rouge_l"]?.value == nil && one["g.distinct_2"]?.value == nil && one["g.duplicates"]?.value == 0)
        let signs = measure(["?!", "…"])
        #expect(signs["g.distinct_1"]?.value == nil && signs["g.rouge_l"]?.value == 0)
        #expect(measure(["same", "same"])["g.rouge_l"]?.lower == nil)
    }
}
