public import Artifacts

/// A kind of stage with the type of its parameters erased: what the plan, the key and the executor need of it.
public struct StageDefinition: Sendable {
    public let kind: StageKind
    public let version: Int
    public let inputs: [Port]
    public let outputs: [Port]
    public let usesSeed: Bool
    public let numerics: Numerics
    public let weight: StageWeight
    private let type: any Stage.Type

    public init<S: Stage>(_ stage: S.Type) {
        kind = S.kind
        version = S.version
        inputs = S.inputs
        outputs = S.outputs
        usesSeed = S.usesSeed
        numerics = S.numerics
        weight = S.weight
        type = stage
    }

    /// The parameters as they are when a pipeline file sets none.
    public func defaultParameters() throws -> JSONValue { try type.defaultParameters() }

    /// The types of the parameters, also of those that are nil by default.
    func parameterShape() throws -> JSONShape { try type.parameterShape() }

    /// `parameters` as the stage's own type writes them, checked by the stage.
    func checked(parameters: JSONValue) throws -> JSONValue { try type.checked(parameters: parameters) }

    /// A stage ready to run, from complete parameters.
    /// - Throws: whatever the stage's `init(parameters:)` finds wrong with them.
    public func makeStage(parameters: JSONValue) throws -> any Stage { try type.make(parameters: parameters) }
}

extension Stage {
    fileprivate static func defaultParameters() throws -> JSONValue { try CanonicalJSON.value(of: Parameters()) }

    fileprivate static func parameterShape() throws -> JSONShape { try CanonicalJSON.shape(of: Parameters()) }

    fileprivate static func checked(parameters: JSONValue) throws -> JSONValue {
        let decoded = try CanonicalJSON.decode(Parameters.self, from: parameters)
        _ = try Self(parameters: decoded)
        return try CanonicalJSON.value(of: decoded)
    }

    fileprivate static func make(parameters: JSONValue) throws -> any Stage {
        try Self(parameters: CanonicalJSON.decode(Parameters.self, from: parameters))
    }
}
