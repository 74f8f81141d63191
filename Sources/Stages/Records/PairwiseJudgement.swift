public import Artifacts

/// Which of two responses to a prompt a judge prefers, reply by reply.
public struct PairwiseJudgement: Record, Equatable {
    public static let schema = RecordSchema("pairwise-judgement", version: 1)

    /// What a reply was about.
    public enum Shown: String, Codable, Sendable {
        /// Both, in this order or in the other.
        case firstThenSecond = "first-second"
        case secondThenFirst = "second-first"
        /// One alone, to be scored.
        case first, second
    }

    public enum Outcome: String, Codable, CaseIterable, Sendable {
        case first, second
        /// The judge says so, or says another thing when the order is changed; equal scores; equal texts.
        case tie
        /// In one of the orders, or of one of the responses, nothing can be read.
        case noVerdict = "no-verdict"
    }

    /// One judge reply.
    public struct Reply: Codable, Sendable, Equatable {
        public let shown: Shown
        /// The reply as generated.
        public let raw: String
        public let finish: Finish
        /// Where both were shown: 1 for the first response, 0 for the second, 0.5 for neither, whatever their order; or the
        /// expectation of that. Where one was: its score. Nil where nothing can be read.
        public let value: Double?
        /// Why there is no value.
        public let reason: UnparsableReason?

        package init(shown: Shown, raw: String, finish: Finish, value: Double?, reason: UnparsableReason?) {
            self.shown = shown
            self.raw = raw
            self.finish = finish
            self.value = value
            self.reason = value == nil ? reason : nil
        }
    }

    enum CodingKeys: String, CodingKey {
        case id, promptID = "prompt_id", firstID = "first_id", secondID = "second_id", replies, outcome
    }

    public let id: String
    public let promptID: String
    /// The candidates.
    public let firstID: String
    public let secondID: String
    /// None where both texts are equal, or one is missing: nobody was asked.
    public let replies: [Reply]
    public let outcome: Outcome

    package init(_ match: ResponseMatch, replies: [Reply]) {
        id = RecordID.derive(
            Self.schema.name,
            [.string(match.first.id), .string(match.second.id), .array(replies.map { .string($0.raw) })])
        promptID = match.first.promptID
        firstID = match.first.id
        secondID = match.second.id
        self.replies = replies
        outcome =
            if match.isMissing { .noVerdict } else if match.isIdentical { .tie } else { Self.outcome(of: replies) }
    }

    /// What the replies come to: a response wins if it wins in both orders, or has the higher mean score (paper §3.1.2).
    package static func outcome(of replies: [Reply]) -> Outcome {
        func meanValue(_ shown: Shown) -> Double? { mean(replies.filter { $0.shown == shown }.compactMap(\.value)) }
        let isPairwise = replies.contains { [.firstThenSecond, .secondThenFirst].contains($0.shown) }
        if isPairwise {
            guard let there = meanValue(.firstThenSecond), let back = meanValue(.secondThenFirst) else {
                return .noVerdict
            }
            if there > 0.5, back > 0.5 { return .first }
            return there < 0.5 && back < 0.5 ? .second : .tie
        }
        guard let first = meanValue(.first), let second = meanValue(.second) else { return .noVerdict }
        return first == second ? .tie : first > second ? .first : .second
    }
}

/// Two responses to one prompt that are to be compared.
package struct ResponseMatch: Sendable {
    package let first: Candidate
    package let second: Candidate
    /// What the judge sees of them.
    let firstText: String
    let secondText: String

    /// - Parameter shown: what the judge is to see of a response; by default all of it.
    package init(first: Candidate, second: Candidate, shown: (Candidate) -> String = \.text) {
        precondition(
            first.promptID == second.promptID,
            "responses to different prompts '\(first.promptID)' and '\(second.promptID)'")
        self.first = first
        self.second = second
        firstText = shown(first)
        secondText = shown(second)
    }

    var prompt: String { first.prompt }
    /// Whether one of the models gave no response.
    package var isMissing: Bool { first.isMissing || second.isMissing }
    package var isIdentical: Bool { firstText == secondText }
    /// Whether a judge is needed to tell.
    var needsJudge: Bool { !isMissing && !isIdentical }
}
