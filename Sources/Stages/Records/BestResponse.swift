public import Artifacts

/// A response of the model that it scored high, to learn from by itself: positive examples alone (paper §2.3, A.4).
public struct BestResponse: Record, Equatable {
    public static let schema = RecordSchema("best-response", version: 1)

    enum CodingKeys: String, CodingKey {
        case id, promptID = "prompt_id", candidateID = "candidate_id", prompt, response, score, finish
    }

    public let id: String
    public let promptID: String
    public let candidateID: String
    public let prompt: String
    public let response: String
    /// The mean of the judge's scores.
    public let score: Double
    /// Whether the model ended it: only then is its end learned.
    public let finish: Finish

    package init(_ candidate: Candidate, score: Double) {
        id = RecordID.derive(Self.schema.name, [.string(candidate.id)])
        promptID = candidate.promptID
        candidateID = candidate.id
        prompt = candidate.prompt
        response = candidate.text
        self.score = score
        finish = candidate.finish
    }
}
