internal import Artifacts
internal import Pipeline

extension ServedModel {
    /// An input for whoever judges: a model of the store, or one behind a server.
    static func judgePort(_ name: String, isOptional: Bool = false) -> Port {
        Port(
            name, schema: CheckpointFile.schema.description, alternatives: [schema.description],
            isOptional: isOptional)
    }
}

extension StageInputs {
    /// The model behind a server that is connected to `port`; nil where it is one of the store.
    func servedModel(_ port: String) throws -> ServedModel? {
        guard references(port).first?.schema == ServedModel.schema.description else { return nil }
        return try rows(port, as: ServedModel.self).first
    }
}
