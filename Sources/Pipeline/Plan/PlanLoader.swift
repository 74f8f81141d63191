/// Reads pipeline files.
///
/// A stage's settings come from, each over the one before: the defaults in the stage's declaration; `defaults` for its
/// kind in its own file, then in the files that include it; what the stage itself says; each overlay in turn, its
/// `defaults` for the kind and then its entry for the stage; each `--set` in turn. An overlay may also connect a stage's
/// inputs elsewhere, and declare stages: new ones, or others in place of the file's.
public struct PlanLoader: Sendable {
    private let registry: StageRegistry

    public init(registry: StageRegistry) {
        self.registry = registry
    }

    /// - Parameters:
    ///   - file: the path of the pipeline file, as messages are to show it.
    ///   - overlays: the paths of files given with `-f`, the last one winning.
    ///   - settings: the texts of `--set`, such as `m2.model.beta=0.2`.
    /// - Throws: `PipelineError`, with the place in the file.
    public func load(_ file: String, overlays: [String] = [], settings: [String] = []) throws -> PipelinePlan {
        let files = try IncludeLoader.load(path: file)
        var changes = try overlays.map { try PlanOverlay(file: $0) }
        let names = files.flatMap { $0.stages.map(\.name) } + changes.flatMap { $0.declarations.map(\.name) }
        changes += try settings.map { try PlanOverlay(setting: $0, stages: names) }
        let draft = try PlanDraft(files: files, overlays: changes)
        return try PlanLinker(registry: registry, draft: draft).link(file: file, name: files.last?.name)
    }
}
