internal import Foundation
internal import Stages

/// How a measure differs between the first and the last model that it was taken of.
struct MeasuredChange: Sendable {
    enum Verdict: String, Sendable {
        case rose, fell
        /// The interval of the difference holds 0.
        case indistinct = "not distinguishable"
        /// Without intervals nothing can be said.
        case unknown = "no interval"

        var symbol: String {
            switch self {
            case .rose: "▲"
            case .fell: "▼"
            case .indistinct: "≈"
            case .unknown: "?"
            }
        }
    }

    var kind: String
    var name: String
    /// Each measured model once, in the order of the models.
    var values: [StoryMeasurement]
    var difference: Double?
    /// The 95 % interval of the difference.
    var lower: Double?
    var upper: Double?
    var verdict: Verdict
    /// Whether both models were compared item by item, which tells more than two intervals.
    var isPaired = false

    var isDistinct: Bool { verdict == .rose || verdict == .fell }

    /// Of the models that were trained one from another.
    var first: StoryMeasurement
    var last: StoryMeasurement

    /// - Parameters:
    ///   - values: of one measure, at least two, in the order of the models.
    ///   - paired: the difference between two of them, and the p of a test of it, as a stage measured them that compared
    ///     the two item by item; nil where none did.
    ///   - line: the models that were trained one from another; where fewer than two of them were measured, all count.
    init?(
        _ values: [StoryMeasurement], along line: Set<Int>,
        paired: (StoryMeasurement, StoryMeasurement) -> (difference: StoryMeasurement, p: Double?)? = { _, _ in nil }
    ) {
        let known = values.filter { $0.value?.isFinite == true }
        let within = known.filter { $0.model.map(line.contains) == true }
        let compared = within.count > 1 ? within : known
        guard compared.count > 1, let first = compared.first, let last = compared.last, let before = first.value,
            let after = last.value
        else { return nil }
        kind = first.kind
        name = first.name
        self.values = known
        self.first = first
        self.last = last
        difference = after - before
        verdict = .unknown
        if let (found, p) = paired(first, last), let value = found.value, let low = found.lower,
            let high = found.upper
        {
            (difference, lower, upper) = (value, low, high)
            // Of few items an interval by resampling is too short; a test by permutation is not.
            verdict = p.map { $0 < Self.level } ?? true ? Self.verdict(low, high) : .indistinct
            isPaired = true
            return
        }
        guard let down = Self.halfWidths(first), let up = Self.halfWidths(last) else { return }
        // Of independent estimates, distances to the ends of the intervals add in squares (Newcombe's hybrid method).
        // Models that were asked the same are alike in their errors, so this is on the safe side.
        let low = after - before - hypot(up.below, down.above)
        let high = after - before + hypot(up.above, down.below)
        lower = low
        upper = high
        verdict = Self.verdict(low, high)
    }

    /// With the same error as a 95 % interval.
    private static let level = 0.05
    /// What sums of doubles may be off by, as a share of their size.
    static let rounding = 1e-12

    /// - Parameter neutral: the value that means neither more nor less. An interval that only rounding keeps from it
    ///   holds it.
    static func verdict(_ lower: Double, _ upper: Double, around neutral: Double = 0) -> Verdict {
        let noise = max(abs(lower), abs(upper)) * rounding
        return lower > neutral + noise ? .rose : upper < neutral - noise ? .fell : .indistinct
    }

    /// How far the interval reaches below and above the value.
    private static func halfWidths(_ measurement: StoryMeasurement) -> (below: Double, above: Double)? {
        guard let value = measurement.value, let lower = measurement.lower, let upper = measurement.upper else {
            return nil
        }
        // One without width says nothing: runs from before stages gave items that all agree an exact interval have such.
        guard lower < upper else { return nil }
        return (max(0, value - lower), max(0, upper - value))
    }
}

extension RunStory {
    /// Measures that the story is about, in the order in which it tells them.
    static let headlines =
        [
            "pairwise_accuracy", "five_best", "exact_match", "spearman", "kendall_tau_b", "success", "points",
            "judge_accuracy",
        ] + SummaryRow.benchmarkRules.map(\.name)

    /// Measures that were taken of the models one after the other: what changed from the first to the last.
    var changes: [MeasuredChange] {
        let order = Dictionary(uniqueKeysWithValues: Self.headlines.enumerated().map { ($1, $0) })
        let line = Set(mainLine)
        let found = series.compactMap { values -> MeasuredChange? in
            guard let name = values.first?.name, order[name] != nil else { return nil }
            return MeasuredChange(values, along: line, paired: paired)
        }
        return found.enumerated().sorted { first, second in
            (order[first.element.name] ?? .max, first.offset) < (order[second.element.name] ?? .max, second.offset)
        }.map(\.element)
    }

    /// What a `compare-judges` that read both says of two models under the names that they have here: `spearman/m1..m3`.
    private func paired(
        _ first: StoryMeasurement, _ last: StoryMeasurement
    ) -> (difference: StoryMeasurement, p: Double?)? {
        guard first.kind == "evaluate-judge", let from = label(first.model), let to = label(last.model) else {
            return nil
        }
        let name = "\(first.name)/\(from)..\(to)"
        for stage in stages where stage.kind == "compare-judges" {
            guard stage.reads(first.stage), stage.reads(last.stage) else { continue }
            let own = measurements.filter { $0.stage == stage.name }
            guard let difference = own.first(where: { $0.name == name }) else { continue }
            return (difference, own.first { $0.name == name + "/p" }?.value)
        }
        return nil
    }

    /// Measurements that compare two models themselves, in the order of the run: a win rate, a gain.
    var comparisons: [(measurement: StoryMeasurement, neutral: Double)] {
        measurements.compactMap { measurement in
            if measurement.kind == "head-to-head", measurement.name == "win_rate" { return (measurement, 0.5) }
            return measurement.name.contains("_gain") ? (measurement, 0) : nil
        }
    }

    /// The measurements of each kind and name, in the order of the models; of several stages that measure one model the
    /// same, the first. Where models were not all asked the same, those that most of them were.
    var series: [[StoryMeasurement]] {
        let single = measurements.filter { $0.model != nil && $0.opponent == nil }
        return single.grouped(by: { "\($0.kind) \($0.name)" }).map { group in
            group.elements.grouped(by: \.question).map { Self.firstOfEach($0.elements) }
                .reduce([]) { most, asked in asked.count > most.count ? asked : most }
        }
    }

    private static func firstOfEach(_ measurements: [StoryMeasurement]) -> [StoryMeasurement] {
        measurements.grouped(by: \.model).compactMap(\.elements.first).sorted {
            ($0.model ?? 0) < ($1.model ?? 0)
        }
    }
}
