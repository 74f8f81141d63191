/// Sums from which correlations over the responses to many instructions are taken, each value less the mean of its
/// instruction: what makes one instruction's responses score higher than another's then counts for nothing.
package struct CenteredProducts: Sendable, Equatable {
    private let variables: Int
    /// Σ of the product of variables i and j, at i · `variables` + j.
    private var sums: [Double]

    /// Of one instruction.
    /// - Parameter values: of each variable, one a response, in the same order of responses.
    package init(_ values: [[Double]]) {
        precondition(
            values.allSatisfy { $0.count == values[0].count }, "CenteredProducts: variables of unequal length")
        variables = values.count
        let centered = values.map { variable in
            // Equal values may differ from their mean by its rounding.
            let center = RankCorrelation.isConstant(variable) ? nil : mean(variable)
            return variable.map { value in center.map { value - $0 } ?? 0 }
        }
        sums = centered.flatMap { first in
            centered.map { second in zip(first, second).reduce(0) { $0 + $1.0 * $1.1 } }
        }
    }

    private init(zeros variables: Int) {
        self.variables = variables
        sums = Array(repeating: 0, count: variables * variables)
    }

    /// Of all responses to some instructions.
    package static func sum(_ parts: some Sequence<CenteredProducts>, variables: Int) -> CenteredProducts {
        var total = CenteredProducts(zeros: variables)
        for part in parts {
            for place in total.sums.indices { total.sums[place] += part.sums[place] }
        }
        return total
    }

    /// Whether neither of two variables is constant within the instruction.
    func vary(_ first: Int, _ second: Int) -> Bool { self[first, first] > 0 && self[second, second] > 0 }

    /// The Pearson correlation of two variables; nil where one does not vary within any instruction.
    package func correlation(_ first: Int, _ second: Int) -> Double? {
        RankCorrelation.quotient(self[first, second], self[first, first], self[second, second])
    }

    /// The correlation of two variables that is left once a third is held fixed:
    /// (r₁₂ − r₁₃ r₂₃) / √((1 − r₁₃²)(1 − r₂₃²)).
    ///
    /// Nil where one of the three does not vary, or the third determines one of the others.
    package func partialCorrelation(_ first: Int, _ second: Int, given third: Int) -> Double? {
        guard let both = correlation(first, second), let withFirst = correlation(first, third),
            let withSecond = correlation(second, third)
        else { return nil }
        let rest = (first: 1 - withFirst * withFirst, second: 1 - withSecond * withSecond)
        // What is left of a determined variable is rounding.
        guard rest.first > 1e-12, rest.second > 1e-12 else { return nil }
        return RankCorrelation.quotient(both - withFirst * withSecond, rest.first, rest.second)
    }

    private subscript(first: Int, second: Int) -> Double { sums[first * variables + second] }
}
