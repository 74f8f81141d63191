public import Artifacts

/// A judge prompt and the reply the model should learn to give: evaluation fine-tuning data (paper §2.1, EFT).
public struct JudgeExample: Record, Equatable {
    public static let schema = RecordSchema("judge-example", version: 1)

    /// Who wrote the justification and the score.
    public enum Origin: String, Codable, Sendable {
        /// A person, in the seed set of evaluation examples.
        case seed
        /// The SFT baseline, accepted because its scores agree with the human ranking.
        case selfJudged = "self-judged"
    }

    public let id: String
    public let instruction: String
    public let response: String
    /// The rendered judge prompt.
    public let input: String
    /// The justification, a blank line and `Score: N`, or as the rubric has it.
    public let target: String
    public let score: Int
    public let origin: Origin

    package init(
        instruction: String, response: String, input: String, justification: String, score: Int, origin: Origin,
        form: ScoreForm = .additive
    ) {
        let target = JudgeReply.text(justification: justification, score: score, form: form)
        id = RecordID.derive(Self.schema.name, [.string(input), .string(target), .string(origin.rawValue)])
        self.instruction = instruction
        self.response = response
        self.input = input
        self.target = target
        self.score = score
        self.origin = origin
    }
}
