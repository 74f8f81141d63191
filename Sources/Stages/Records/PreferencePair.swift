public import Artifacts

/// Two responses to a prompt, one preferred to the other (paper §2.3).
public struct PreferencePair: Record, Equatable {
    public static let schema = RecordSchema("preference-pair", version: 2)

    enum CodingKeys: String, CodingKey {
        case id, promptID = "prompt_id", prompt, chosen, rejected, chosenID = "chosen_id", rejectedID = "rejected_id"
        case chosenScore = "chosen_score", rejectedScore = "rejected_score"
        case chosenFinish = "chosen_finish", rejectedFinish = "rejected_finish"
    }

    public let id: String
    public let promptID: String
    public let prompt: String
    public let chosen: String
    public let rejected: String
    /// The candidates; where a seed's response was chosen, its example.
    public let chosenID: String
    public let rejectedID: String
    /// The mean judge scores; none where no judge was asked.
    public let chosenScore: Double?
    public let rejectedScore: Double?
    /// Whether the model ended the responses: only then is their end learned.
    public let chosenFinish: Finish
    public let rejectedFinish: Finish

    package init(chosen: Candidate, score chosenScore: Double, rejected: Candidate, score rejectedScore: Double) {
        precondition(
            chosen.promptID == rejected.promptID,
            "preference pair across prompts '\(chosen.promptID)' and '\(rejected.promptID)'")
        id = RecordID.derive(
            Self.schema.name, [.string(chosen.promptID), .string(chosen.id), .string(rejected.id)])
        promptID = chosen.promptID
        prompt = chosen.prompt
        self.chosen = chosen.text
        self.rejected = rejected.text
        chosenID = chosen.id
        rejectedID = rejected.id
        self.chosenScore = chosenScore
        self.rejectedScore = rejectedScore
        chosenFinish = chosen.finish
        rejectedFinish = rejected.finish
    }

    /// A seed's response is chosen, and nobody judged the two.
    package init(seed: SeedExample, rejected: Candidate) {
        precondition(
            seed.id == rejected.promptID, "preference pair across prompts '\(seed.id)' and '\(rejected.promptID)'")
        id = RecordID.derive(Self.schema.name, [.string(seed.id), .string(seed.id), .string(rejected.id)])
        promptID = seed.id
        prompt = seed.prompt
        chosen = seed.response
        self.rejected = rejected.text
        chosenID = seed.id
        rejectedID = rejected.id
        chosenScore = nil
        rejectedScore = nil
        chosenFinish = .stop
        rejectedFinish = rejected.finish
    }

    /// By how much the chosen response scored higher.
    package var scoreGap: Double? {
        guard let chosenScore, let rejectedScore else { return nil }
        return chosenScore - rejectedScore
    }
}
