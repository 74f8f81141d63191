public import Artifacts

/// One of the N responses that the model sampled for a prompt (paper §2.2).
public struct Candidate: Record, Equatable {
    public static let schema = RecordSchema("candidate", version: 2)

    enum CodingKeys: String, CodingKey {
        case id, promptID = "prompt_id", prompt, index, text, tokens, finish
    }

    public let id: String
    public let promptID: String
    public let prompt: String
    /// The sample number, 0 ..< N.
    public let index: Int
    public let text: String
    /// How many tokens were generated.
    public let tokens: Int
    public let finish: Finish

    package init(promptID: String, prompt: String, index: Int, text: String, tokens: Int, finish: Finish) {
        id = RecordID.derive(Self.schema.name, [.string(promptID), .integer(Int64(index)), .string(text)])
        self.promptID = promptID
        self.prompt = prompt
        self.index = index
        self.text = text
        self.tokens = tokens
        self.finish = finish
    }

    /// Whether generation was ended before any text: there is no response, not even an empty one.
    package var isMissing: Bool { finish != .stop && text.allSatisfy(\.isWhitespace) }
}
