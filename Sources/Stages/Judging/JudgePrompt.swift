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

/// The form of a judge's reply: a justification, then the score on a line of its own (paper Figure 2).
package enum JudgeReply {
    /// What stands before the number; generation that is to be scored by expectation is led up to it.
    package static let scoreLead = "Score: "

    package static func text(justification: String, score: Int) -> String {
        "\(justification)\n\n\(scoreLead)\(score)"
    }
}
