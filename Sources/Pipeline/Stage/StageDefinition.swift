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
    public func defaultParameters() throws -> JSONValue {
        func defaults<S: Stage>(_: S.Type) throws -> JSONValue { try CanonicalJSON.value(of: S.Parameters()) }
        return try defaults(type)
    }

    /// A stage ready to run, from complete parameters.
    /// - Throws: whatever the stage's `init(parameters:)` finds wrong with them.
    public func makeStage(parameters: JSONValue) throws -> any Stage {
        func make<S: Stage>(_: S.Type) throws -> any Stage {
            try S(parameters: CanonicalJSON.decode(S.Parameters.self, from: parameters))
        }
        return try make(type)
    }
}
