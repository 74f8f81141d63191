/// What one file declares, with the prefix that its stages and sources get from the way it was included.
struct PlanFile: Sendable {
    static let keys = ["pipeline", "include", "parameters", "seed", "salt", "sources", "stages", "defaults"]

    /// The file as the user would name it.
    var file: String
    /// What goes before the names of its stages and sources: `m3.`, or nothing.
    var prefix: String
    /// The value of `pipeline`.
    var name: String?
    var seed: PlanNode?
    var salt: PlanNode?
    var sources: [SourceDeclaration]
    var stages: [StageDeclaration]
    var defaults: [KindDefaults]
    /// The files, by their position among the loaded ones, that this file included.
    var includes: [Int] = []
}

/// A file from outside that stages may read.
struct SourceDeclaration: Sendable {
    var name: String
    var location: SourceLocation
    /// Relative to `folder`, or absolute.
    var path: PlanNode
    /// The folder of the file that names it.
    var folder: String
    var sha256: PlanNode?

    static let keys = ["path", "sha256"]

    init(_ entry: PlanNode.Entry, prefix: String, folder: String) throws {
        name = prefix + entry.key
        location = entry.keyLocation
        self.folder = folder
        guard case .table = entry.value.content else {
            path = entry.value
            sha256 = nil
            return
        }
        let table = try TableReader(entry.value, scope: "source '\(name)'", allowed: Self.keys)
        path = try table.required("path")
        sha256 = table["sha256"]
    }
}

/// A stage as one file writes it, before overlays.
struct StageDeclaration: Sendable {
    var name: String
    var location: SourceLocation
    var kind: PlanNode
    var inputs: PlanNode?
    var settings: StageSettings

    static let keys = ["stage", "inputs"] + StageSettings.keys

    init(_ entry: PlanNode.Entry, prefix: String) throws {
        name = prefix + entry.key
        location = entry.keyLocation
        let table = try TableReader(entry.value, scope: "stage '\(name)'", allowed: Self.keys)
        guard let kind = table["stage"], !kind.isNull else {
            throw PipelineError.missingKey("stage", scope: "stage '\(name)'", at: entry.keyLocation)
        }
        self.kind = kind
        inputs = table["inputs"].flatMap { $0.isNull ? nil : $0 }
        settings = StageSettings(table)
    }
}

/// What a stage may set and an overlay may change: each layer is laid over the one below.
struct StageSettings: Sendable {
    var parameters: PlanNode?
    var execution: PlanNode?
    var seed: PlanNode?
    var cache: PlanNode?
    var salt: PlanNode?

    static let keys = ["params", "exec", "seed", "cache", "salt"]

    init(parameters: PlanNode? = nil, execution: PlanNode? = nil) {
        self.parameters = parameters
        self.execution = execution
    }

    init(_ table: TableReader) {
        parameters = table["params"].flatMap { $0.isNull ? nil : $0 }
        execution = table["exec"].flatMap { $0.isNull ? nil : $0 }
        seed = table["seed"]
        cache = table["cache"]
        salt = table["salt"]
    }

    /// These settings with `other` laid over them.
    func overlaid(with other: StageSettings) -> StageSettings {
        var result = self
        result.parameters = Self.overlay(parameters, other.parameters)
        result.execution = Self.overlay(execution, other.execution)
        result.seed = other.seed ?? seed
        result.cache = Self.overlay(cache, other.cache)
        result.salt = other.salt ?? salt
        return result
    }

    private static func overlay(_ lower: PlanNode?, _ upper: PlanNode?) -> PlanNode? {
        guard let lower, let upper else { return upper ?? lower }
        return lower.overlaid(with: upper)
    }
}

/// Parameters (and, under `exec`, execution settings) for every stage of a kind.
struct KindDefaults: Sendable {
    var kind: String
    var location: SourceLocation
    var settings: StageSettings

    init(_ entry: PlanNode.Entry) throws {
        kind = entry.key
        location = entry.keyLocation
        let table = try TableReader(entry.value, scope: "defaults of '\(entry.key)'", allowed: nil)
        let parameters = table.entries.filter { $0.key != "exec" }
        settings = StageSettings(
            parameters: PlanNode(content: .table(parameters), location: entry.value.location),
            execution: table["exec"].flatMap { $0.isNull ? nil : $0 })
    }
}
