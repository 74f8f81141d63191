public import Artifacts

/// What several people found of two responses to one prompt.
public struct HumanVerdict: Record, Equatable {
    public static let schema = RecordSchema("human-verdict", version: 1)

    public struct Vote: Codable, Sendable, Equatable {
        public let rater: Int
        public let shown: PairwiseJudgement.Shown
        /// 1 for the first response, 0 for the second, 0.5 for neither, whatever the order in which they were shown. Nil
        /// where the rater did not vote, or voted twice and not alike.
        public let value: Double?

        package init(rater: Int, shown: PairwiseJudgement.Shown, value: Double?) {
            self.rater = rater
            self.shown = shown
            self.value = value
        }
    }

    enum CodingKeys: String, CodingKey {
        case id, promptID = "prompt_id", firstID = "first_id", secondID = "second_id", votes, outcome
    }

    public let id: String
    public let promptID: String
    /// The candidates.
    public let firstID: String
    public let secondID: String
    /// In the order of the raters.
    public let votes: [Vote]
    public let outcome: PairwiseJudgement.Outcome

    package init(promptID: String, firstID: String, secondID: String, votes: [Vote]) {
        id = RecordID.derive(
            Self.schema.name,
            [
                .string(firstID), .string(secondID),
                .array(votes.map { [.integer(Int64($0.rater)), $0.value.map(JSONValue.number) ?? .null] }),
            ])
        self.promptID = promptID
        self.firstID = firstID
        self.secondID = secondID
        self.votes = votes
        outcome = Self.outcome(of: votes.compactMap(\.value))
    }

    /// The majority's: what more than half of the votes say, else a tie. The paper has three raters and takes the majority
    /// (§3.2.1, human evaluation); it does not say what becomes of three that all differ.
    package static func outcome(of votes: [Double]) -> PairwiseJudgement.Outcome {
        guard !votes.isEmpty else { return .noVerdict }
        if 2 * votes.count(where: { $0 > 0.5 }) > votes.count { return .first }
        return 2 * votes.count(where: { $0 < 0.5 }) > votes.count ? .second : .tie
    }
}
