internal import Artifacts

/// What each model of a run showed: a column a model, in the order in which they are made.
///
/// Built from what the stages say of themselves, so that it is the same whether they ran or were cached. What a stage
/// does not say is shown as `–`; a line that no model has is left out.
package struct SummaryTable: Sendable {
    package struct Row: Sendable, Equatable {
        package let label: String
        package let cells: [String]
        /// Whether it compares the model with another one, which differs from column to column.
        var isContest = false
    }

    package struct Section: Sendable, Equatable {
        package let title: String
        package let rows: [Row]
    }

    static let trainingKinds: Set<String> = ["sft", "dpo"]
    static let absent = "–"

    package let models: [String]
    package let sections: [Section]
    /// Stages whose measurements stand here.
    package let measuredStages: Set<String>

    package init(_ figures: [StageFigures]) {
        let trained = figures.filter { Self.trainingKinds.contains($0.kind) }
        let names = trained.map { training in
            // A part that trains one model is that model's; the models of a part that trains several have their own.
            let isAlone = trained.count { $0.part == training.part } == 1
            return isAlone ? training.part ?? training.stage : training.stage
        }
        models = names
        let columns = zip(trained, names).map { training, name in
            ModelFigures(figures.filter { $0.stage == training.stage || $0.isPart(of: [name, training.stage]) })
        }
        measuredStages = Set(columns.flatMap(\.measuredStages))
        sections = SummaryRow.sections.compactMap { title, rows in
            let filled = rows.map { row in
                Row(label: row.label, cells: columns.map { row.cell($0) ?? Self.absent }, isContest: row.isContest)
            }.filter { row in row.cells.contains { $0 != Self.absent } }
            return filled.isEmpty ? nil : Section(title: title, rows: filled)
        }
    }

    package var isEmpty: Bool { sections.isEmpty }

    /// Without win rates, which `MeasuredElsewhere` has with the stages that name the opponents.
    package var lines: [String] {
        var table = TextTable([.left] + models.map { _ in .right })
        table.add([""] + models)
        for section in sections {
            let rows = section.rows.filter { !$0.isContest }
            guard !rows.isEmpty else { continue }
            table.add([section.title])
            for row in rows { table.add(["  " + row.label] + row.cells) }
        }
        return table.lines()
    }
}

/// A line of the summary: what it is called, and how its number is found among a model's figures.
struct SummaryRow: Sendable {
    let label: String
    /// What it is called where it heads a narrow column.
    let heading: String
    /// Whether the cell is a value with what surrounds it: its interval, and of how many it is.
    let isMeasured: Bool
    var isContest = false
    let cell: @Sendable (ModelFigures) -> String?

    init(
        _ label: String, heading: String? = nil, isMeasured: Bool = false,
        cell: @escaping @Sendable (ModelFigures) -> String?
    ) {
        self.label = label
        self.heading = heading ?? label
        self.isMeasured = isMeasured
        self.cell = cell
    }

    /// What a narrow column shows of a cell: of a measured one the value.
    func brief(_ cell: String) -> String { isMeasured ? String(cell.prefix { $0 != " " }) : cell }

    static let sections: [(title: String, rows: [SummaryRow])] = [
        ("data written by the model before", writing),
        ("training", training),
        ("judging held-out rankings: value [95 % interval] count", judging),
        ("answers to held-out tasks, checked by a program: value [95 % interval] count", truth),
        ("benchmarks: share of right answers [95 % interval] count", benchmarks),
    ]

    private static let writing = [
        SummaryRow("prompts kept of written", heading: "prompts") {
            share($0.object("self-instruct", "filter") ?? $0.object("draw-tasks", "filter"))
        },
        SummaryRow("candidates") { whole($0.number("sample", "candidates")) },
        SummaryRow("mean response, characters", heading: "characters") {
            fixed($0.number("sample", "mean_characters"), 0)
        },
        SummaryRow("mean response, tokens", heading: "tokens") { fixed($0.number("sample", "mean_tokens"), 0) },
        SummaryRow("verdicts stating a score", heading: "scored") { parsed($0, "judge") },
        SummaryRow("verdicts of 0/1/2/3/4/5", heading: "0/1/2/3/4/5") {
            histogram($0.object("judge", "score_histogram"))
        },
        SummaryRow("pairs of prompts", heading: "pairs") {
            of($0.number("pair", "pairs"), $0.number("pair", "prompts"))
        },
    ].map { row in SummaryRow(row.label, heading: row.heading) { row.cell($0.beforeTraining) } }

    private static let training = [
        SummaryRow("rows") { figures in
            guard figures.training == "sft" else { return whole(figures.number("dpo", "pairs_used")) }
            let examples = figures.number("sft", "examples"), judged = figures.number("sft", "judge_examples")
            guard examples != nil || judged != nil else { return nil }
            return whole((examples ?? 0) + (judged ?? 0) + (figures.number("sft", "responses") ?? 0))
        },
        SummaryRow("of these evaluation examples", heading: "judged") { whole($0.number("sft", "judge_examples")) },
        SummaryRow("of these the model's own responses", heading: "own") {
            whole($0.number("sft", "responses").flatMap { $0 == 0 ? nil : $0 })
        },
        SummaryRow("loss, first → last tenth", heading: "loss") { change($0, "loss") },
        SummaryRow("rewards/accuracies, last tenth", heading: "accuracy") {
            fixed($0.number("dpo", "rewards/accuracies", "end"), 2)
        },
        SummaryRow("rewards/margins, last tenth", heading: "margin") {
            fixed($0.number("dpo", "rewards/margins", "end"), 3)
        },
        SummaryRow("log p of a chosen token, first → last tenth", heading: "log p a token") {
            change($0, "logps/chosen_per_token")
        },
        SummaryRow("checkpoint kept, of steps", heading: "kept") {
            of($0.number("dpo", "stopping", "chosen_step"), $0.number("dpo", "steps"))
        },
        contest("win rate head to head", heading: "win rate", "head-to-head", "win_rate"),
        contest("the same at equal lengths", heading: "equal lengths", "head-to-head", "length_controlled_minimal"),
        contest("win rate of AlpacaEval", heading: "AlpacaEval", "alpaca-eval", "win_rate"),
        contest("the same at equal lengths", heading: "equal lengths", "alpaca-eval", "length_controlled_minimal"),
        contest("win rate by people", heading: "people", "human-votes", "win_rate"),
        measured("score on MT-Bench", heading: "MT-Bench", "mt-bench-judge", "score"),
        SummaryRow("mean response after it, tokens", heading: "tokens after") {
            fixed($0.numberAfterTraining("sample", "mean_tokens"), 0)
        },
    ]

    private static let judging = [
        SummaryRow("verdicts stating a score", heading: "scored") { parsed($0, "evaluate-judge") },
        SummaryRow("verdicts of 0/1/2/3/4/5", heading: "0/1/2/3/4/5") {
            histogram($0.object("evaluate-judge", "score_histogram"))
        },
        measurement("entropy of the scores, bits", heading: "entropy", "score_entropy"),
        measurement("pairwise accuracy", heading: "pairwise", "pairwise_accuracy"),
        measurement("the same, ties as half", heading: "ties half", "pairwise_accuracy_tie_half"),
        measurement("pairs tied", heading: "tied", "pairs_tied"),
        measurement("5-best", "five_best"),
        measurement("exact match", heading: "exact", "exact_match"),
        measurement("Spearman", "spearman"),
        measurement("Kendall τ-b", heading: "τ-b", "kendall_tau_b"),
        measurement("Pearson", "pearson"),
    ]

    private static let truth = [
        checked("right answers", heading: "right", "success"),
        checked("the same, less the baseline's", heading: "gain", "success_gain"),
        checked("the same, less the model's before", heading: "step", "success_gain_previous"),
        checked("wishes met, of five", heading: "wishes", "points"),
        checked("judge: right over wrong", heading: "judge", "judge_accuracy"),
        checked("the same, ties as half", heading: "ties half", "judge_accuracy_tie_half"),
        checked("training pairs that prefer the better", heading: "pairs", "pairs_true"),
    ]

    /// The rules that results of benchmarks are usually given by (paper Table 3), and what they are called.
    static let benchmarkRules: [(label: String, heading: String, name: String)] = [
        ("ARC easy", "ARC-e", "arc_easy.acc"), ("ARC challenge", "ARC-c", "arc_challenge.acc"),
        ("HellaSwag, per character", "HellaSwag", "hellaswag.acc_norm"), ("SIQA", "SIQA", "siqa.acc"),
        ("PIQA", "PIQA", "piqa.acc"), ("OBQA, per character", "OBQA", "obqa.acc_norm"), ("MMLU", "MMLU", "mmlu.acc"),
        ("GSM8K, number behind ####", "GSM8K strict", "gsm8k.strict"),
        ("GSM8K, last number", "GSM8K", "gsm8k.flexible"), ("NQ, exact match", "NQ", "nq.exact_match"),
    ]

    /// Kinds of stages that measure how often one model wins against another.
    static let contestKinds: Set<String> = ["head-to-head", "alpaca-eval", "human-votes"]

    private static let benchmarks = benchmarkRules.map { rule in
        SummaryRow(rule.label, heading: rule.heading, isMeasured: true) {
            $0.measurement("evaluate-benchmarks", rule.name).map(value)
        }
    }

    /// A measurement of the group's stage of `kind`, where it has one.
    private static func measured(_ label: String, heading: String, _ kind: String, _ name: String) -> SummaryRow {
        SummaryRow(label, heading: heading, isMeasured: true) { $0.object(kind, "measurements")?[name].map(value) }
    }

    /// The same where the model has one such comparison alone: of several, none is the model's win rate.
    private static func contest(_ label: String, heading: String, _ kind: String, _ name: String) -> SummaryRow {
        var row = SummaryRow(label, heading: heading, isMeasured: true) {
            $0.count(kind) == 1 ? $0.object(kind, "measurements")?[name].map(value) : nil
        }
        row.isContest = true
        return row
    }

    /// A judge that was evaluated has every measurement; one without a value says of how few it could not be taken.
    private static func measurement(_ label: String, heading: String? = nil, _ name: String) -> SummaryRow {
        SummaryRow(label, heading: heading, isMeasured: true) { figures in
            guard let all = figures.object("evaluate-judge", "measurements") else { return nil }
            return value(all[name] ?? .null)
        }
    }

    /// Of answers, each measurement needs its own inputs, and is absent without them.
    private static func checked(_ label: String, heading: String, _ name: String) -> SummaryRow {
        SummaryRow(label, heading: heading, isMeasured: true) {
            $0.object("check-answers", "measurements")?[name].map(value)
        }
    }

    static func value(_ measurement: JSONValue) -> String {
        "\(estimate(measurement)) \(whole(measurement["count"]?.doubleValue) ?? "0")"
    }

    /// A value and its interval: `.72 [.61 .80]`.
    static func estimate(_ measurement: JSONValue) -> String {
        func number(_ part: String) -> Double? { measurement[part]?.doubleValue }
        let text = number("value").map { bare($0) } ?? SummaryTable.absent
        guard let lower = number("lower"), let upper = number("upper") else { return text }
        return text + " [\(bare(lower)) \(bare(upper))]"
    }

    // MARK: Cells

    private static func whole(_ value: Double?) -> String? {
        value.flatMap { Int(exactly: $0.rounded()) }.map(String.init)
    }

    private static func fixed(_ value: Double?, _ digits: Int) -> String? {
        value.map { Quantities.fixed($0, digits: digits) }
    }

    private static func of(_ part: Double?, _ all: Double?) -> String? {
        guard let part, let all else { return nil }
        return "\(whole(part) ?? SummaryTable.absent) of \(whole(all) ?? SummaryTable.absent)"
    }

    /// How much a filter kept, from its counts by reason.
    private static func share(_ report: [String: JSONValue]?) -> String? {
        guard let kept = report?["kept"]?.objectValue, let dropped = report?["dropped"]?.objectValue else {
            return nil
        }
        func sum(_ counts: [String: JSONValue]) -> Double { counts.values.reduce(0) { $0 + ($1.doubleValue ?? 0) } }
        return of(sum(kept), sum(kept) + sum(dropped))
    }

    private static func parsed(_ figures: ModelFigures, _ kind: String) -> String? {
        guard let rate = figures.number(kind, "parse_rate"), let count = figures.number(kind, "verdicts") else {
            return nil
        }
        return "\(Quantities.fixed(100 * rate, digits: 1))% of \(whole(count) ?? SummaryTable.absent)"
    }

    private static func histogram(_ counts: [String: JSONValue]?) -> String? {
        guard let counts else { return nil }
        // Up to the largest score there is; the additive rubric's without one.
        let most = max(5, min(counts.keys.compactMap { Int($0) }.max() ?? 0, 99))
        return (0...most).map { whole(counts[String($0)]?.doubleValue) ?? "0" }.joined(separator: "/")
    }

    private static func change(_ figures: ModelFigures, _ metric: String) -> String? {
        guard let kind = figures.training, let start = figures.number(kind, metric, "start"),
            let end = figures.number(kind, metric, "end")
        else { return nil }
        return "\(Quantities.fixed(start, digits: 3)) → \(Quantities.fixed(end, digits: 3))"
    }

    /// Two digits behind the point, or as many as asked for, and none before it where it is 0: `.72`, `-.05`, `1.00`.
    static func bare(_ value: Double, digits: Int = 2) -> String {
        var text = Quantities.fixed(value, digits: digits)
        // A zero has no sign, however it came about.
        if text.hasPrefix("-"), !text.contains(where: { ("1"..."9").contains($0) }) { text.removeFirst() }
        if text.hasPrefix("0.") { return String(text.dropFirst()) }
        if text.hasPrefix("-0.") { return "-" + text.dropFirst(2) }
        return text
    }
}
