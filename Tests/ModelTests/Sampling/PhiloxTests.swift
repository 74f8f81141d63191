import Model
import Testing

@Suite("Philox")
struct PhiloxTests {
    // The known answers that accompany the published generator (philox4x32, 10 rounds).
    @Test("gives the published words")
    func knownAnswers() {
        #expect(
            Philox.words(key: 0, stream: 0, counter: 0) == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        #expect(
            Philox.words(key: .max, stream: .max, counter: .max)
                == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        #expect(
            Philox.words(key: 0x299f_31d0_a409_3822, stream: 0x0370_7344_1319_8a2e, counter: 0x85a3_08d3_243f_6a88)
                == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test("a shuffle keeps every element and depends on the stream")
    func shuffle() {
        let elements = Array(0..<100)
        var first = Philox(key: 7, stream: 1), second = Philox(key: 7, stream: 2), again = Philox(key: 7, stream: 1)
        let one = first.shuffled(elements)
        #expect(one.sorted() == elements)
        #expect(one != second.shuffled(elements))
        #expect(one == again.shuffled(elements))
    }

    @Test("bounded draws are even", arguments: [1, 2, 3, 7, 10])
    func bounded(bound: Int) {
        var generator = Philox(key: 3)
        var counts = [Int](repeating: 0, count: bound)
        let draws = 20_000
        for _ in 0..<draws { counts[generator.below(bound)] += 1 }
        // Five standard deviations of a binomial count.
        let p = 1 / Double(bound), slack = 5 * (Double(draws) * p * (1 - p)).squareRoot()
        for count in counts { #expect(abs(Double(count) - Double(draws) * p) <= slack) }
    }
}
