internal import Foundation

/// What scores the judge gives, and what they are worth.
extension JudgeQuality {
    /// How many verdicts can be read, which scores they give, and how much such a score could tell.
    var scores: [Measurement] {
        let parsed = measure("parse_rate", "share of the verdicts that state a score") { item in
            RatioSample(
                Double(item.responses.reduce(0) { $0 + $1.stated }),
                of: Double(item.responses.reduce(0) { $0 + $1.samples.count }))
        }
        guard let scale else { return [parsed] }
        let counts = items.map { Self.counts($0, on: scale) }
        let shares = scale.enumerated().map { place, score in
            estimator.ratio(
                "score_share_\(score)",
                counts.map { RatioSample($0[place], of: $0.reduce(0, +)) },
                "of the verdicts with a value, those of which \(score) is the nearest whole score")
        }
        let entropy = estimator.statistic(
            "score_entropy", counts, count: Int(counts.reduce(0) { $0 + $1.reduce(0, +) }),
            "in bits, of the shares of whole scores; \(scale.count) equally common ones have "
                + "\(Self.hundredths(log2(Double(scale.count))))",
            isInformative: { $0.contains { $0 > 0 } }, Self.entropy)
        return [parsed] + shares + [entropy]
    }

    /// Where people ranked the responses that were given a score: calibrated scores fall as the place rises.
    var calibration: [Measurement] {
        guard let scale else { return [] }
        return scale.map { score in
            measure(
                "mean_rank_at_score_\(score)",
                "human place, 0 the best and 1 the worst of its instruction, of responses whose mean score is nearest to "
                    + "\(score)"
            ) { item in
                guard let places = item.places else { return RatioSample(0, of: 0) }
                let chosen = zip(item.responses, places).filter { Self.nearest($0.0.score, on: scale) == score }
                return RatioSample(chosen.reduce(0) { $0 + $1.1 }, of: Double(chosen.count))
            }
        }
    }

    /// How many verdicts of an instruction have each score of the scale as their nearest.
    private static func counts(_ item: RankedItem, on scale: ClosedRange<Int>) -> [Double] {
        var counts = Array(repeating: 0.0, count: scale.count)
        for value in item.responses.flatMap(\.samples) {
            if let score = nearest(value, on: scale) { counts[score - scale.lowerBound] += 1 }
        }
        return counts
    }

    private static func nearest(_ value: Double?, on scale: ClosedRange<Int>) -> Int? {
        guard let value, let score = Int(exactly: value.rounded()) else { return nil }
        return min(max(score, scale.lowerBound), scale.upperBound)
    }

    private static func entropy(_ counts: [[Double]]) -> Double? {
        guard let places = counts.first?.indices else { return nil }
        let sums = places.map { place in counts.reduce(0) { $0 + $1[place] } }
        let total = sums.reduce(0, +)
        guard total > 0 else { return nil }
        return sums.reduce(0) { $1 > 0 ? $0 - $1 / total * log2($1 / total) : $0 }
    }

    private static func hundredths(_ value: Double) -> String {
        String(format: "%.2f", locale: Locale(identifier: "en_US_POSIX"), value)
    }
}
