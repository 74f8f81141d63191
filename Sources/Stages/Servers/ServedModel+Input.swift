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

extension JSONValue {
    /// A stage's summary, which says so where what was connected to `port` cannot be asked for the same again.
    func reproducible(asFrom port: String, of inputs: StageInputs) throws -> JSONValue {
        guard try inputs.servedModel(port) != nil, let members = objectValue else { return self }
        return .object(members.merging(["reproducible": .bool(false)]) { _, new in new })
    }
}
