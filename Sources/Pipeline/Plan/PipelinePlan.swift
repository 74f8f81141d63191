public import Artifacts

/// A pipeline file with everything it includes, all names resolved, all types checked and all defaults filled in.
public struct PipelinePlan: Sendable {
    /// The value of `pipeline`, or the file's name without its extension.
    public let name: String
    /// The file as the user named it.
    public let file: String
    /// In the order of the files, included ones first.
    public let stages: [PlannedStage]
    /// In the order of the files, included ones first.
    public let sources: [PlannedSource]
    /// Over `stages`, by position.
    public let graph: StageGraph

    public func stage(named name: String) -> PlannedStage? {
        graph.position(of: name).map { stages[$0] }
    }

    public func source(named name: String) -> PlannedSource? {
        sources.first { $0.name == name }
    }
}

/// A stage of a plan.
public struct PlannedStage: Sendable {
    public let name: String
    public let definition: StageDefinition
    /// The connected input ports, in the order of the stage's declaration.
    public let connections: [StageConnection]
    /// Complete: what no file sets has its default.
    public let parameters: JSONValue
    /// The parameters that a file, an overlay or `--set` sets, and where, in the order of their paths.
    public let settings: [ParameterSetting]
    public let execution: ExecutionSettings
    public let seed: UInt64
    public let cache: CachePolicy
    /// Changed by a user to disown results; that of the file, unless the stage has its own.
    public let salt: String
    public let location: SourceLocation

    public var kind: StageKind { definition.kind }

    /// As `Stage.rowPort`.
    /// - Throws: what the stage finds wrong with its parameters; those of a plan were checked.
    public func rowPort() throws -> String? { try definition.makeStage(parameters: parameters).rowPort }
}

/// What flows into one input port.
public struct StageConnection: Sendable {
    public let port: Port
    /// One, unless the port takes a list.
    public let origins: [InputOrigin]
}

/// Where an input comes from.
public enum InputOrigin: Hashable, Sendable {
    case output(stage: String, port: String)
    case source(String)
}

extension InputOrigin: CustomStringConvertible {
    public var description: String {
        switch self {
        case .output(let stage, let port): "\(stage).\(port)"
        case .source(let name): name
        }
    }
}

/// A parameter that was set, and where.
public struct ParameterSetting: Sendable, Equatable {
    /// Dots between levels.
    public let path: String
    public let location: SourceLocation
}

/// A file or folder from outside that stages read.
public struct PlannedSource: Sendable {
    public let name: String
    /// Relative to the working folder, or absolute.
    public let path: String
    /// The digest that the pipeline file demands.
    public let sha256: ContentDigest?
    /// A folder becomes a list of its files (`folder/1`), a file a `blob`.
    public let isFolder: Bool
    public let location: SourceLocation

    public var schema: String { isFolder ? FolderEntry.schema.description : "blob" }
}
