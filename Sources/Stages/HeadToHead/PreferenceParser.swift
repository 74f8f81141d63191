/// Reads from a judge's reply which response it finds better: see `MarkParser`.
///
/// A word such as `Response` may stand before the mark, and a tie may be called by its common names.
package struct PreferenceParser: Sendable {
    private let parser: MarkParser

    /// What a response may be called before its mark.
    private static let nouns = ["response", "answer", "assistant", "output", "option"]
    /// What is said of two equal responses besides the rubric's own word.
    private static let draws = ["tie", "draw"]

    package init(_ form: PairwiseForm = PairwiseForm()) {
        // "A tie" is no vote for A.
        let draws = Self.draws.filter { draw in ![form.first, form.second].contains { $0.lowercased() == draw } }
        let ties = ([form.tie] + draws).flatMap { [$0, "a \($0)"] }
        parser = MarkParser(
            label: form.label,
            words: ties.map { ($0, Self.place(.tie)) }
                + [(form.first, Self.place(.first)), (form.second, Self.place(.second))],
            nouns: Self.nouns, trailingLines: form.trailingLines, without: .noVerdict)
    }

    private static func place(_ preference: Preference) -> Int {
        switch preference {
        case .first: 0
        case .second: 1
        case .tie: 2
        }
    }

    /// - Parameter finish: how the reply ended; one that was cut off has no verdict.
    package func parse(_ reply: String, finish: Finish) -> Reading {
        switch parser.parse(reply, finish: finish) {
        case .success(let mark): .prefers(Preference.allCases[mark])
        case .failure(let unreadable): .unparsable(unreadable.reason)
        }
    }

    /// The reply without its verdict, trimmed: what the judge gives as its reasons.
    package func justification(in reply: String) -> String { parser.justification(in: reply) }

    /// What a reply comes to.
    package enum Reading: Equatable, Sendable {
        case prefers(Preference)
        case unparsable(UnparsableReason)

        package var preference: Preference? {
            if case .prefers(let preference) = self { preference } else { nil }
        }

        package var reason: UnparsableReason? {
            if case .unparsable(let reason) = self { reason } else { nil }
        }
    }
}
