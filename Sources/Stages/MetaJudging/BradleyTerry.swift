/// Strengths from pairwise comparisons (Bradley and Terry, 1952): i beats j with probability pᵢ / (pᵢ + pⱼ).
package enum BradleyTerry {
    /// - Parameter wins: how often the row's item beat the column's; a tie is half a win for both.
    /// - Returns: the strength of each item; equal records give equal strengths up to rounding.
    ///
    /// Each item is also tied once with one of strength 1: without that, an item that wins always has no finite strength.
    /// Hunter's iteration (2004), so often that small problems have settled long before.
    package static func strengths(wins: [[Double]]) -> [Double] {
        var strengths = [Double](repeating: 1, count: wins.count)
        for _ in 0..<iterations {
            strengths = wins.indices.map { item in
                var won = 0.5, expected = 1 / (strengths[item] + 1)
                for other in wins.indices where other != item {
                    won += wins[item][other]
                    expected += (wins[item][other] + wins[other][item]) / (strengths[item] + strengths[other])
                }
                return won / expected
            }
        }
        return strengths
    }

    private static let iterations = 500
}
