import Stages
import Testing

@Suite("Draws from a seeded generator")
struct DrawTests {
    /// Hands out given words, to show which are used.
    struct Script: RandomNumberGenerator {
        var words: [UInt64]
        mutating func next() -> UInt64 { words.removeFirst() }
    }

    @Test("words in the incomplete last block are redrawn")
    func rejection() {
        // 2⁶⁴ mod 3 = 1: the word 0 would make one result more likely.
        var script = Script(words: [0, 4])
        #expect(script.draw(below: 3) == 1 && script.words.isEmpty)
    }

    @Test("a shuffle and a sample keep the elements, and are the same for the same seed")
    func shuffles() {
        var first = SplitMix(7), second = SplitMix(7)
        let order = first.shuffle(Array(0..<50))
        #expect(order == second.shuffle(Array(0..<50)) && order.sorted() == Array(0..<50) && order != Array(0..<50))
        let sample = first.sample(6, of: Array(0..<50))
        #expect(Set(sample).count == 6)
        #expect(first.sample(9, of: [1, 2, 3]).sorted() == [1, 2, 3])
    }

    @Test("draws are uniform: each of 6 results within 5 standard deviations of a sixth")
    func uniform() {
        var generator = SplitMix(1)
        var counts = Array(repeating: 0, count: 6)
        for _ in 0..<60_000 { counts[generator.draw(below: 6)] += 1 }
        // σ = √(60000 · 1/6 · 5/6) ≈ 91
        for count in counts { #expect(abs(count - 10_000) < 456) }
    }
}
