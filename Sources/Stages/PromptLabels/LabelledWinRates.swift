internal import Artifacts

/// Win rates among prompts of one kind: the paper's breakdown by category, complexity and expected length (Figures 4 and
/// 11).
package struct LabelledWinRates {
    private let judgements: [PairwiseJudgement]
    /// By aspect: what each prompt is in that respect; nil where no label could be read.
    private let labels: [(aspect: String, ofPrompt: [String: PromptLabel])]
    private let estimator: Estimator

    /// - Throws: `StageError.repeatedLabel` for a prompt with two labels of one aspect.
    package init(
        _ judgements: [PairwiseJudgement], labels: [PromptLabel], estimator: Estimator
    ) throws {
        self.judgements = judgements
        self.labels = try labels.grouped(by: \.aspect).map { group in
            var ofPrompt: [String: PromptLabel] = [:]
            for label in group.elements where ofPrompt.updateValue(label, forKey: label.promptID) != nil {
                throw StageError.repeatedLabel(prompt: label.promptID, aspect: group.key)
            }
            return (group.key, ofPrompt)
        }
        self.estimator = estimator
    }

    package var measurements: [Measurement] {
        [winRate("win_rate", "all prompts") { _ in true }] + labels.flatMap(measurements)
    }

    private func measurements(_ aspect: String, _ ofPrompt: [String: PromptLabel]) -> [Measurement] {
        // In the order of the rubric; of several rubrics that place a label differently, at its first place.
        let values = Dictionary(
            judgements.compactMap { ofPrompt[$0.promptID] }.compactMap { label in
                label.value.map { ($0, label.position ?? 0) }
            }, uniquingKeysWith: min
        ).sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
        let unlabelled = judgements.grouped(by: \.promptID).map { group in
            RatioSample(shareOf: group.elements.map { ofPrompt[$0.promptID]?.value == nil })
        }
        return values.map { value in
            winRate("win_rate/\(aspect)/\(value)", "prompts with this label") {
                ofPrompt[$0.promptID]?.value == value
            }
        } + [
            estimator.ratio(
                "unlabelled/\(aspect)", unlabelled,
                "share of the matches whose prompt has no label that could be read")
        ]
    }

    private func winRate(
        _ name: String, _ which: String, _ belongs: (PairwiseJudgement) -> Bool
    ) -> Measurement {
        estimator.ratio(
            name, WinRate.samples(judgements.filter(belongs)),
            "\(which): (wins + ties / 2) of the matches with an outcome; the interval is over prompts")
    }
}
