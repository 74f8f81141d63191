/// Two judges of the same rankings: by how much the second agrees better with people, and how far the two agree.
package struct JudgeComparison {
    /// A judge by name, with the rankings as it scored them.
    package struct Judge: Sendable {
        package let name: String
        let items: [RankedItem]

        package init(name: String, items: [RankedItem]) {
            self.name = name
            self.items = items
        }
    }

    private let first: Judge
    private let second: Judge
    private let metrics: [JudgeMetric]
    private let scale: ClosedRange<Int>
    private let permutations: Int
    private let estimator: Estimator

    /// - Parameters:
    ///   - scale: of the rubric. Whether whole scores agree is only asked of judges whose scores lie on it.
    ///   - permutations: how many exchanges a randomization test draws at most.
    package init(
        _ first: Judge, _ second: Judge, scale: ClosedRange<Int> = ScoreForm.additive.scale,
        permutations: Int = 10_000, estimator: Estimator
    ) {
        precondition(
            first.items.map(\.id) == second.items.map(\.id), "JudgeComparison: judges of different rankings")
        self.first = first
        self.second = second
        self.scale = scale
        self.permutations = permutations
        self.estimator = estimator
        metrics = JudgeMetric.headline(perfectScore: scale.upperBound)
    }

    package var measurements: [Measurement] { changes + agreement }

    /// What the numbers of both are named after: `m1..m2`.
    private var names: String { "\(first.name)..\(second.name)" }

    private var changes: [Measurement] {
        metrics.flatMap { metric in
            estimator.change(
                "\(metric.name)/\(names)",
                PairedSamples(first.items.map(metric.sample), second.items.map(metric.sample)), within: metric.bounds,
                permutations: permutations,
                "\(metric.name) of '\(second.name)' less that of '\(first.name)', on the same rankings")
        }
    }

    // MARK: Agreement of the two

    private var agreement: [Measurement] {
        let note =
            "of their scores, per instruction over responses that both scored, then averaged over those where it is defined"
        let coefficients: [(String, ([Double], [Double]) -> Double?)] = [
            ("agreement_kendall_tau_b", RankCorrelation.kendallTauB),
            ("agreement_spearman", RankCorrelation.spearman), ("agreement_pearson", RankCorrelation.pearson),
        ]
        return coefficients.map { name, coefficient in
            estimator.ratio(
                "\(name)/\(names)",
                scoredByBoth.map { RatioSample(mean: coefficient($0.map(\.first), $0.map(\.second))) },
                within: -1...1,
                note)
        } + (haveOneScale ? [sameScore] : [])
    }

    private var sameScore: Measurement {
        estimator.ratio(
            "agreement_exact/\(names)",
            scoredByBoth.map { scores in
                RatioSample(
                    Double(scores.count { Self.whole($0.first) == Self.whole($0.second) }), of: Double(scores.count))
            }, "share of the responses that both scored whose mean scores are nearest to the same whole score")
    }

    /// By instruction; in units of what counts as equal.
    private var scoredByBoth: [[(first: Double, second: Double)]] {
        zip(first.items, second.items).map { one, other in
            zip(one.responses, other.responses).compactMap { one, other in
                guard let first = one.score, let second = other.score else { return nil }
                return ((first / PairBuilder.equality).rounded(), (second / PairBuilder.equality).rounded())
            }
        }
    }

    private static func whole(_ score: Double) -> Double { (score * PairBuilder.equality).rounded() }

    private var haveOneScale: Bool {
        let range = Double(scale.lowerBound)...Double(scale.upperBound)
        return (first.items + second.items).allSatisfy { item in
            item.responses.allSatisfy { response in response.score.map(range.contains) ?? true }
        }
    }
}
