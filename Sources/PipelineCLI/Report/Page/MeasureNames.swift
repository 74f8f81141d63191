/// What measures are called on a page. A name that is not known is shown as it is.
enum MeasureNames {
    private static let known = [
        "pairwise_accuracy": "pairwise accuracy", "pairwise_accuracy_tie_half": "pairwise accuracy, ties as half",
        "five_best": "5-best", "five_best_per_sample": "5-best of single verdicts", "exact_match": "exact match",
        "spearman": "Spearman ρ", "kendall_tau_b": "Kendall τ-b", "pairs_tied": "pairs tied",
        "pairs_unscored": "pairs unscored", "success": "right answers", "points": "wishes met, of five",
        "success_gain": "right answers less the baseline’s",
        "success_gain_previous": "right answers less the model’s before",
        "judge_accuracy": "judge: right over wrong",
        "judge_accuracy_tie_half": "judge: right over wrong, ties as half",
        "pairs_true": "training pairs that prefer the better", "win_rate": "win rate",
        "length_controlled_minimal": "win rate, length-adjusted", "score_turn_1": "score of first turns",
        "score_turn_2": "score of second turns", "score_math_code_reasoning": "score in math, coding and reasoning",
        "score_other_five": "score in the other five categories", "unscored": "turns without a score",
    ]

    private static let rules = Dictionary(SummaryRow.benchmarkRules.map { ($0.name, $0.label) }) { first, _ in first }

    /// `HellaSwag` for `hellaswag`.
    private static let tasks = Dictionary(
        SummaryRow.benchmarkRules.map { rule in
            (String(rule.name.prefix { $0 != "." }), String(rule.label.prefix { $0 != "," }))
        }
    ) { first, _ in first }

    static func words(_ name: String) -> String {
        if let words = known[name] ?? rules[name] { return words }
        let spaced = name.replacing("_", with: " ")
        // Of a benchmark, something other than the usual rule: `piqa.acc_norm`.
        guard let dot = name.firstIndex(of: "."), let task = tasks[String(name[..<dot])] else { return spaced }
        return "\(task): \(name[name.index(after: dot)...].replacing("_", with: " "))"
    }
}
