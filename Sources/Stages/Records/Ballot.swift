public import Artifacts

/// One question to one rater: which of two answers is better? It does not say whose they are to who reads the page made
/// of it; to who reads the row it does.
public struct Ballot: Record, Equatable {
    public static let schema = RecordSchema("ballot", version: 1)

    enum CodingKeys: String, CodingKey {
        case id, rater, number, promptID = "prompt_id", prompt, firstID = "first_id", secondID = "second_id", shown
        case upper, lower
    }

    public let id: String
    /// From 1.
    public let rater: Int
    /// The place among the rater's ballots, from 1.
    public let number: Int
    public let promptID: String
    public let prompt: String
    /// The candidates: the model's, and the baseline's.
    public let firstID: String
    public let secondID: String
    /// Which of them the rater sees first.
    public let shown: PairwiseJudgement.Shown
    /// Answer 1, as it is shown.
    public let upper: String
    /// Answer 2.
    public let lower: String

    package init(_ match: ResponseMatch, rater: Int, number: Int, shown: PairwiseJudgement.Shown) {
        precondition(
            [.firstThenSecond, .secondThenFirst].contains(shown),
            "a ballot shows both answers, not '\(shown.rawValue)'")
        id = RecordID.derive(
            Self.schema.name,
            [
                .integer(Int64(rater)), .integer(Int64(number)), .string(match.first.id), .string(match.second.id),
                .string(shown.rawValue),
            ])
        self.rater = rater
        self.number = number
        promptID = match.first.promptID
        prompt = match.prompt
        firstID = match.first.id
        secondID = match.second.id
        self.shown = shown
        upper = shown == .firstThenSecond ? match.firstText : match.secondText
        lower = shown == .firstThenSecond ? match.secondText : match.firstText
    }
}
