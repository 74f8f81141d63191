internal import Artifacts
internal import Foundation

/// Signs that a judge has collapsed: scores that tell nothing apart, or failures that hit responses by their length. None
/// of them stops a run; each is a number of the summary, and a warning where it goes too far.
package struct JudgeAlarms: Sendable {
    /// A response, as its judge saw it.
    package struct Judged: Sendable {
        /// Of the response.
        let characters: Int
        /// The score that each reply states; nil where none can be read. An expected score exists for every reply, and
        /// seldom twice: it cannot raise an alarm.
        let scores: [Double?]

        package init(characters: Int, scores: [Double?]) {
            self.characters = characters
            self.scores = scores
        }
    }

    /// The share of one score above which the judge is said to give nothing else; lucidrains' users saw one that always
    /// said 5.
    package static let largestShare = 0.8
    /// In bits. Two scores of which one falls three times in four have 0.81.
    package static let leastEntropy = 0.8
    /// The least correlation of failures with length that is worth a warning, if it is also three standard errors away
    /// from none.
    package static let largestCorrelation = 0.3
    /// With fewer verdicts than this, shares mean nothing.
    package static let fewestVerdicts = 30
    /// What a warning of collapse says, and no other.
    package static let collapsed = "the judge hardly tells responses apart"

    /// Of the readable verdicts, by the nearest whole score; nil where there are none.
    package let commonest: (score: Int, share: Double)?
    /// Of the same, in bits.
    package let entropy: Double?
    /// Spearman's ρ of a response's length with the share of its replies that cannot be read; nil where one of them does
    /// not vary.
    package let failureLengthCorrelation: Double?
    private let verdicts: Int
    private let responses: Int

    package init(_ judged: [Judged]) {
        let asked = judged.filter { !$0.scores.isEmpty }
        let scores = asked.flatMap { $0.scores.compactMap { $0.map { Int($0.rounded()) } } }
        let counts = scores.reduce(into: [:]) { $0[$1, default: 0] += 1 }.sorted { $0.key < $1.key }
        let total = Double(scores.count)
        verdicts = scores.count
        responses = asked.count
        // Of equally common scores the lowest.
        let largest = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
        commonest = largest.map { ($0.key, Double($0.value) / total) }
        entropy =
            counts.isEmpty ? nil : counts.reduce(0) { $0 - Double($1.value) / total * log2(Double($1.value) / total) }
        failureLengthCorrelation = RankCorrelation.spearman(
            asked.map { Double($0.characters) },
            asked.map { Double($0.scores.count { $0 == nil }) / Double($0.scores.count) })
    }

    package var warnings: [String] {
        var warnings: [String] = []
        if verdicts >= Self.fewestVerdicts, let commonest, let entropy {
            if commonest.share > Self.largestShare {
                let percent = Int((commonest.share * 100).rounded(.down))
                warnings.append(
                    "\(percent) % of \(verdicts) scores are \(commonest.score): \(Self.collapsed)"
                )
            } else if entropy < Self.leastEntropy {
                warnings.append(
                    "the scores have an entropy of \(Self.hundredths(entropy)) bits: \(Self.collapsed)")
            }
        }
        if responses >= Self.fewestVerdicts, let correlation = failureLengthCorrelation,
            abs(correlation) > Self.largestCorrelation, abs(correlation) * Double(responses - 1).squareRoot() > 3
        {
            let kind = correlation > 0 ? "longer" : "shorter"
            warnings.append(
                "replies about \(kind) responses have no score more often (Spearman \(Self.hundredths(correlation)) over "
                    + "\(responses) responses): what is left to pair is not a fair sample")
        }
        return warnings
    }

    var members: [String: JSONValue] {
        [
            "commonest_score": commonest.map { .count($0.score) } ?? .null,
            "commonest_share": .number(commonest?.share), "score_entropy": .number(entropy),
            "failure_length_spearman": .number(failureLengthCorrelation),
        ]
    }

    private static func hundredths(_ value: Double) -> String {
        String(format: "%.2f", locale: Locale(identifier: "en_US_POSIX"), value)
    }
}
