/// A hand-judged response shown to the judge before the one it is asked about.
package struct WorkedExample: Equatable, Sendable {
    /// The rendered judge prompt.
    package let input: String
    /// The justification and its score line.
    package let reply: String

    package init(input: String, reply: String) {
        self.input = input
        self.reply = reply
    }
}

/// A judge's reply: a justification, then the score on a line of its own (paper Figure 2). Generation that is to be
/// scored by expectation is led up to its number.
package enum JudgeReply {
    package static func text(justification: String, score: Int, form: ScoreForm = .additive) -> String {
        "\(justification)\n\n\(form.label): \(score)"
    }
}
