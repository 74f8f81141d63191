/// The kinds of stage that pipeline files may name.
public struct StageRegistry: Sendable {
    private let definitions: [StageKind: StageDefinition]

    /// - Precondition: no two stages share a kind.
    public init(_ stages: [any Stage.Type]) {
        var definitions: [StageKind: StageDefinition] = [:]
        for stage in stages {
            let definition = StageDefinition(stage)
            precondition(definitions[definition.kind] == nil, "StageRegistry: kind '\(definition.kind)' twice")
            definitions[definition.kind] = definition
        }
        self.definitions = definitions
    }

    public subscript(kind: StageKind) -> StageDefinition? { definitions[kind] }

    /// All kinds, in alphabetical order.
    public var kinds: [StageKind] { definitions.keys.sorted { $0.rawValue < $1.rawValue } }
}
