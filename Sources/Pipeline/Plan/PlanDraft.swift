/// The stages and sources of all files with all layers of settings laid over each other, but nothing looked up yet.
struct PlanDraft {
    struct Stage {
        var declaration: StageDeclaration
        /// All layers, the last one winning.
        var settings: StageSettings
        var seed: PlanNode?
        var salt: PlanNode?
    }

    private(set) var stages: [Stage] = []
    private(set) var sources: [SourceDeclaration] = []
    /// Every table of defaults of every file and overlay, for checks.
    let defaults: [KindDefaults]

    init(files: [PlanFile], overlays: [PlanOverlay]) throws {
        defaults = files.flatMap(\.defaults) + overlays.flatMap(\.defaults)
        sources = try Self.sources(files, overlays)
        try checkStageNames(files, overlays)
        let seed = overlays.last { $0.seed != nil }?.seed
        let salt = overlays.last { $0.salt != nil }?.salt
        for (position, file) in files.enumerated() {
            // Positions only grow towards the file the user named, so the outermost file comes last.
            let around = Self.filesAround(position, files)
            for declaration in file.stages {
                let kind = declaration.kind.text
                var settings = StageSettings()
                for outer in around {
                    for layer in files[outer].defaults where layer.kind == kind {
                        settings = settings.overlaid(with: layer.settings)
                    }
                }
                settings = settings.overlaid(with: declaration.settings)
                for overlay in overlays {
                    for layer in overlay.defaults where layer.kind == kind {
                        settings = settings.overlaid(with: layer.settings)
                    }
                    for change in overlay.stages where change.name == declaration.name {
                        settings = settings.overlaid(with: change.settings)
                    }
                }
                stages.append(
                    Stage(
                        declaration: declaration, settings: settings,
                        seed: settings.seed ?? seed ?? around.lazy.compactMap { files[$0].seed }.first,
                        salt: settings.salt ?? salt ?? around.lazy.compactMap { files[$0].salt }.first))
            }
        }
    }

    /// The positions of the file at `position` and of all that include it, directly or not, in order.
    private static func filesAround(_ position: Int, _ files: [PlanFile]) -> [Int] {
        var around: Set<Int> = [position]
        for outer in files.indices where outer > position {
            if files[outer].includes.contains(where: around.contains) { around.insert(outer) }
        }
        return around.sorted()
    }

    private static func sources(_ files: [PlanFile], _ overlays: [PlanOverlay]) throws -> [SourceDeclaration] {
        var sources: [SourceDeclaration] = []
        for source in files.flatMap(\.sources) {
            if let first = sources.first(where: { $0.name == source.name }) {
                throw PipelineError.duplicateName(
                    source.name, what: "source", first: first.location, at: source.location)
            }
            sources.append(source)
        }
        for change in overlays.flatMap(\.sources) {
            guard let position = sources.firstIndex(where: { $0.name == change.name }) else {
                let hint = NameHint(for: change.name, among: sources.map(\.name))
                throw PipelineError.unknownSource(change.name, hint: hint, at: change.location)
            }
            sources[position] = change
        }
        return sources
    }

    private func checkStageNames(_ files: [PlanFile], _ overlays: [PlanOverlay]) throws {
        var places: [String: SourceLocation] = [:]
        for stage in files.flatMap(\.stages) {
            if let first = places[stage.name] {
                throw PipelineError.duplicateName(stage.name, what: "stage", first: first, at: stage.location)
            }
            if let source = sources.first(where: { $0.name == stage.name }) {
                throw PipelineError.nameOfSourceAndStage(stage.name, first: source.location, at: stage.location)
            }
            places[stage.name] = stage.location
        }
        for change in overlays.flatMap(\.stages) where places[change.name] == nil {
            let hint = NameHint(for: change.name, among: places.keys)
            throw PipelineError.unknownStage(change.name, hint: hint, at: change.location)
        }
    }
}

extension PlanNode {
    /// The text of a scalar; nil for anything else.
    var text: String? {
        if case .scalar(let scalar) = content { scalar.text } else { nil }
    }
}
