public import Artifacts

/// Where a prompt is from that was given in a file.
public struct PromptOrigin: Record, Equatable {
    public static let schema = RecordSchema("prompt-origin", version: 1)

    enum CodingKeys: String, CodingKey {
        case id, promptID = "prompt_id", dataset
    }

    public let id: String
    public let promptID: String
    /// As the file has it: `koala`. Nil where it does not say.
    public let dataset: String?

    package init(promptID: String, dataset: String?) {
        id = RecordID.derive(Self.schema.name, [.string(promptID), dataset.map(JSONValue.string) ?? .null])
        self.promptID = promptID
        self.dataset = dataset
    }

    /// The data set as a label, to break results down by.
    package var label: PromptLabel {
        PromptLabel(
            promptID: promptID, aspect: "dataset", value: dataset.map { ($0, 0) }, raw: dataset ?? "", finish: .stop,
            reason: .noLabel)
    }
}
