/// How well a model's scores agree with human rankings: the five numbers of the paper's Table 4, what stands behind them, and
/// what may have swayed the judge, each with count and interval. `docs/evaluation.md` says what each of them means.
package struct JudgeQuality {
    let items: [RankedItem]
    /// The scores that the rubric gives; nil for scores that know no scale.
    let scale: ClosedRange<Int>?
    let estimator: Estimator

    package init(
        _ items: [RankedItem], scale: ClosedRange<Int>? = ScoreForm.additive.scale, estimator: Estimator
    ) {
        self.items = items
        self.scale = scale
        self.estimator = estimator
    }

    package var measurements: [Measurement] {
        agreement + scores + calibration + lengthBias + formatBias
    }

    // MARK: Agreement with people

    private var agreement: [Measurement] {
        let perfect = scale?.upperBound
        let metrics: [JudgeMetric] =
            [.pairwiseAccuracy, .pairwiseAccuracyTieHalf, .pairsTied, .pairsUnscored]
            + (perfect.map { [.best($0), .bestPerSample($0)] } ?? [])
            + [.exactMatch, .spearman, .kendall, .pearson]
        return metrics.map(measure) + [
            pooled(
                "pearson_pooled", Pooled(items) { [$0.map(\.score), $0.map(\.preference)] },
                "over all scored responses, scores and human places each less the instruction's mean"
            ) { $0.correlation(0, 1) },
            Measurement(
                name: "instructions_without_correlation",
                value: Double(items.count { $0.correlation(RankCorrelation.kendallTauB) == nil }),
                count: items.count, note: "fewer than two scored responses, or all their scores tie"),
        ]
    }

    // MARK: Measuring

    func measure(_ metric: JudgeMetric) -> Measurement {
        estimator.ratio(metric.name, items.map(metric.sample), within: metric.bounds, metric.note)
    }

    func measure(
        _ name: String, _ note: String, within bounds: ClosedRange<Double>? = 0...1,
        _ sample: (RankedItem) -> RatioSample
    ) -> Measurement {
        estimator.ratio(name, items.map(sample), within: bounds, note)
    }

    /// Variables of the scored responses to each instruction, to be correlated over all responses.
    struct Pooled {
        /// Of instructions with two scored responses or more.
        let parts: [CenteredProducts]
        let responses: Int
        let variables: Int

        init(_ items: [RankedItem], variables: ([RankedItem.Scored]) -> [[Double]]) {
            let groups = items.map(\.scored).filter { $0.count >= 2 }
            parts = groups.map { CenteredProducts(variables($0)) }
            responses = groups.reduce(0) { $0 + $1.count }
            self.variables = variables([]).count
        }
    }

    func pooled(
        _ name: String, _ pooled: Pooled, _ note: String, value: (CenteredProducts) -> Double?
    ) -> Measurement {
        estimator.statistic(
            name, pooled.parts, count: pooled.responses, note, isInformative: { $0.vary(0, 1) },
            { value(CenteredProducts.sum($0, variables: pooled.variables)) })
    }
}
