public import Artifacts

/// A model behind a server, by its address: what stands in for a checkpoint where only replies are needed.
///
/// Its weights are not in the store and its arithmetic is not ours, so that nothing that it writes can be promised again.
public struct ServedModel: Record, Equatable {
    public static let schema = RecordSchema("served-model", version: 1)

    enum CodingKeys: String, CodingKey {
        case id, url, model, isReproducible = "reproducible"
    }

    public let id: String
    /// Where the API begins: `http://localhost:8080/v1`.
    public let url: String
    /// What the server calls the model.
    public let model: String
    /// Always false.
    public let isReproducible: Bool

    package init(url: String, model: String) {
        id = RecordID.derive(Self.schema.name, [.string(url), .string(model)])
        self.url = url
        self.model = model
        isReproducible = false
    }
}
