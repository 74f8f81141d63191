import Stages
import Testing

@Suite("Correlations over the responses to many instructions")
struct CenteredProductsTests {
    private func close(_ value: Double?, _ expected: Double) -> Bool {
        value.map { abs($0 - expected) < 1e-15 } ?? false
    }

    @Test("a partial correlation worked by hand")
    func partial() {
        // All have deviations ±0.5 and ±1.5, so 5 as sum of squares: r₁₂ = 3/5, r₁₃ = 4/5, r₂₃ = 4/5.
        let products = CenteredProducts([[1, 2, 3, 4], [2, 1, 4, 3], [1, 2, 4, 3]])
        #expect(close(products.correlation(0, 1), 0.6) && close(products.correlation(0, 2), 0.8))
        #expect(close(products.correlation(1, 2), 0.8))
        // (0.6 − 0.64) / √(0.36 · 0.36)
        #expect(close(products.partialCorrelation(0, 1, given: 2), -1.0 / 9))
        // A third that has nothing to do with either changes nothing.
        let alone = CenteredProducts([[1, 2, 3, 4], [2, 1, 4, 3], [1, 2, 2, 1]])
        #expect(close(alone.partialCorrelation(0, 1, given: 2), 0.6))
    }

    @Test("what makes one instruction's values larger than another's counts for nothing")
    func pooled() {
        // Within each instruction 1 and 2 against 2 and 1, a thousand apart between them.
        let parts = [
            CenteredProducts([[1, 2], [2, 1]]), CenteredProducts([[1001, 1002], [1002, 1001]]),
        ]
        #expect(close(CenteredProducts.sum(parts, variables: 2).correlation(0, 1), -1))
        #expect(RankCorrelation.pearson([1, 2, 1001, 1002], [2, 1, 1002, 1001]) ?? 0 > 0.99)
    }

    @Test("undefined where something does not vary, or the third determines one of the others")
    func undefined() {
        #expect(CenteredProducts.sum([], variables: 3).correlation(0, 1) == nil)
        #expect(CenteredProducts([[0.1, 0.1, 0.1], [1, 2, 3]]).correlation(0, 1) == nil)
        #expect(CenteredProducts([[1], [2], [3]]).partialCorrelation(0, 1, given: 2) == nil)
        let same = CenteredProducts([[1, 2, 3], [1, 3, 2], [2, 4, 6]])
        #expect(same.partialCorrelation(0, 1, given: 2) == nil)
        let constant = CenteredProducts([[1, 2, 3], [1, 3, 2], [7, 7, 7]])
        #expect(constant.correlation(0, 1) != nil && constant.partialCorrelation(0, 1, given: 2) == nil)
    }
}
