/// What one judge reply says about a response.
///
/// A reply from which no score can be read is a state of its own, not a low score: failures go with the content of the
/// response, so counting them as a number would bias the reward.
package enum Verdict: Equatable, Sendable {
    /// A score on the rubric's scale; may be fractional.
    case scored(Double)
    case unparsable(UnparsableReason)

    package var score: Double? {
        if case .scored(let score) = self { score } else { nil }
    }

    package var reason: UnparsableReason? {
        if case .unparsable(let reason) = self { reason } else { nil }
    }
}

/// Why a reply holds no usable score. The raw values are stored in judgements.
public enum UnparsableReason: String, Codable, CaseIterable, Sendable {
    /// Nothing of the form `Score: number`, or something else where the last `Score:` should have its number.
    case noScore = "no-score"
    /// The last such form is followed by more text than a closing remark: an intermediate score, not a conclusion.
    case notAtEnd = "not-at-end"
    /// The token limit ended the reply: what it had not yet said could change its score.
    case cutOff = "cut-off"
    /// There is no reply: the judge prompt leaves the model's context no room.
    case doesNotFit = "does-not-fit"
    /// A number beyond the scale.
    case outOfRange = "out-of-range"
    /// A number of another scale, such as `8/10` or `80%`.
    case otherScale = "other-scale"
    /// A number that goes on in a way that changes it: `4-5`, `1 + 1 + 1`, `3,5`, `4th`.
    case malformedNumber = "malformed-number"
    /// Of a comparison: nothing of the form `Verdict: A`, or something else where the last `Verdict:` should name one.
    case noVerdict = "no-verdict"
    /// Of a label: nothing of the form `Category: coding`, or something else where the last `Category:` should name one.
    case noLabel = "no-label"
    /// Of a comparison or a label: more than one is named, as in `Verdict: A or B`.
    case ambiguous
}

/// The verdicts of several replies about one response, as numbers (paper §3.1.3: the average of 3 samples).
package struct VerdictSummary: Equatable, Sendable {
    /// How many replies gave a score.
    package let parsed: Int
    /// The mean over the replies that gave one; nil if none did, and the response is then *unscored*.
    package let score: Double?
    /// The population variance over the same replies; 0 for a single one, nil if none.
    package let variance: Double?

    package init(_ verdicts: [Verdict]) { self.init(scores: verdicts.compactMap(\.score)) }

    package init(scores: [Double]) {
        parsed = scores.count
        guard !scores.isEmpty else {
            score = nil
            variance = nil
            return
        }
        let mean = scores.reduce(0, +) / Double(scores.count)
        score = mean
        variance = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(scores.count)
    }
}
