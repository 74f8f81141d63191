public import Artifacts

/// What the judge said of one turn of an MT-Bench answer, reply by reply.
public struct MTBenchJudgement: Record, Equatable {
    public static let schema = RecordSchema("mt-bench-judgement", version: 1)

    enum CodingKeys: String, CodingKey {
        case id, answerID = "answer_id", questionID = "question_id", category, turn
        case withReference = "with_reference", verdicts, score
    }

    public let id: String
    public let answerID: String
    public let questionID: Int
    public let category: String
    /// From 1.
    public let turn: Int
    /// Whether the judge was shown a reference answer.
    public let withReference: Bool
    /// None where the model gave no answer: nobody was asked.
    public let verdicts: [Judgement.Reply]
    /// The mean over the replies that have a score; nil if none has, and the turn is unscored.
    public let score: Double?

    package init(_ answer: MTBenchAnswer, turn: Int, withReference: Bool, verdicts: [Judgement.Reply]) {
        id = RecordID.derive(
            Self.schema.name,
            [.string(answer.id), .integer(Int64(turn)), .array(verdicts.map { .string($0.raw) })])
        answerID = answer.id
        questionID = answer.questionID
        category = answer.category
        self.turn = turn
        self.withReference = withReference
        self.verdicts = verdicts
        score = VerdictSummary(scores: verdicts.compactMap(\.value)).score
    }
}
