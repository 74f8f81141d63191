/// What a judge's ratings of MT-Bench answers come to (paper Table 2): mean scores over all turns that have one.
///
/// The turns of one question are not independent: intervals are over questions.
package struct MTBenchScores {
    /// The judged turns of one question.
    package struct Item: Sendable {
        package let category: String
        /// The score of each turn; nil where it has none.
        package let scores: [Double?]

        package init(category: String, scores: [Double?]) {
            self.category = category
            self.scores = scores
        }
    }

    /// The paper's first group; the other five of MT-Bench's categories are the second.
    package static let hardCategories: Set = ["math", "coding", "reasoning"]
    private static let otherCategories = Set(MTBenchQuestion.categories).subtracting(hardCategories)

    private let items: [Item]
    private let scale: ClosedRange<Double>
    private let estimator: Estimator

    /// - Parameter scale: on which the scores of all rubrics lie.
    package init(_ items: [Item], scale: ClosedRange<Int>, estimator: Estimator) {
        self.items = items
        self.scale = Double(scale.lowerBound)...Double(scale.upperBound)
        self.estimator = estimator
    }

    package var measurements: [Measurement] {
        let present = Set(items.map(\.category))
        let known = MTBenchQuestion.categories.filter(present.contains)
        let others = present.subtracting(MTBenchQuestion.categories).sorted()
        return [
            measure("score", "mean over all turns with a score; intervals are over questions") { $0.scores },
            measure("score_turn_1", "first turns") { Array($0.scores.prefix(1)) },
            measure("score_turn_2", "second turns") { Array($0.scores.dropFirst()) },
            measure("score_math_code_reasoning", "the paper's first group: math, coding and reasoning") {
                Self.hardCategories.contains($0.category) ? $0.scores : []
            },
            measure("score_other_five", "humanities, extraction, STEM, roleplay and writing") {
                Self.otherCategories.contains($0.category) ? $0.scores : []
            },
        ]
            + (known + others).map { category in
                measure("score/\(category)", "turns of this category") { $0.category == category ? $0.scores : [] }
            }
            + [unscored]
    }

    private func measure(_ name: String, _ note: String, _ scores: (Item) -> [Double?]) -> Measurement {
        let samples = items.map { item in
            let known = scores(item).compactMap(\.self)
            return RatioSample(known.reduce(0, +), of: Double(known.count))
        }
        return estimator.ratio(name, samples, within: scale, note)
    }

    private var unscored: Measurement {
        estimator.ratio(
            "unscored", items.map { RatioSample(shareOf: $0.scores.map { $0 == nil }) },
            "share of all turns without a score: no reply could be read, or there is no answer")
    }
}
