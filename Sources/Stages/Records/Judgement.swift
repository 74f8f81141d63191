public import Artifacts

/// What the judge said of one candidate, reply by reply, and the reward that follows.
public struct Judgement: Record, Equatable {
    public static let schema = RecordSchema("judgement", version: 2)

    /// One judge reply.
    public struct Reply: Codable, Sendable, Equatable {
        /// The reply as generated.
        public let raw: String
        /// Why it ended.
        public let finish: Finish
        /// The score in the reply; nil where none can be read.
        public let score: Double?
        /// Why there is no score.
        public let reason: UnparsableReason?
        /// The expectation over the score digits after the justification, where that was asked for.
        public let expected: Double?

        package init(raw: String, finish: Finish, verdict: Verdict, expected: Double? = nil) {
            self.raw = raw
            self.finish = finish
            score = verdict.score
            reason = verdict.reason
            self.expected = expected
        }

        /// What enters the mean: the expectation if there is one, else the score read from the text.
        package var value: Double? { expected ?? score }
    }

    enum CodingKeys: String, CodingKey {
        case id, candidateID = "candidate_id", promptID = "prompt_id", verdicts, parsed, score, variance
    }

    public let id: String
    public let candidateID: String
    public let promptID: String
    public let verdicts: [Reply]
    /// How many replies have a score.
    public let parsed: Int
    /// The mean over these; nil if there are none, and the candidate is unscored.
    public let score: Double?
    /// The population variance over these.
    public let variance: Double?

    package init(candidateID: String, promptID: String, verdicts: [Reply]) {
        let summary = VerdictSummary(scores: verdicts.compactMap(\.value))
        id = RecordID.derive(Self.schema.name, [.string(candidateID), .array(verdicts.map { .string($0.raw) })])
        self.candidateID = candidateID
        self.promptID = promptID
        self.verdicts = verdicts
        parsed = summary.parsed
        score = summary.score
        variance = summary.variance
    }
}
