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
    /// Those of them that no file has, only an overlay: one that nothing reads is a misspelt name.
    private(set) var addedSources: Set<String> = []
    /// Every table of defaults of every file and overlay, for checks.
    let defaults: [KindDefaults]

    init(files: [PlanFile], overlays: [PlanOverlay]) throws {
        defaults = files.flatMap(\.defaults) + overlays.flatMap(\.defaults)
        sources = try Self.sources(files)
        for source in overlays.flatMap(\.sources) {
            if let position = sources.firstIndex(where: { $0.name == source.name }) {
                sources[position] = source
            } else {
                addedSources.insert(source.name)
                sources.append(source)
            }
        }
        try checkStageNames(files, overlays)
        let names = Set(files.flatMap { $0.stages.map(\.name) })
        let added = overlays.flatMap(\.declarations).filter { !names.contains($0.name) }
        for (position, file) in files.enumerated() {
            // Positions only grow towards the file the user named, so the outermost file comes last.
            let around = Self.filesAround(position, files).map { files[$0] }
            let isOutermost = position == files.count - 1
            for declaration in file.stages + (isOutermost ? Self.last(of: added) : []) {
                stages.append(Self.stage(declaration, within: around, overlays))
            }
        }
    }

    /// Of several overlays that declare a stage the last one counts.
    private static func last(of declarations: [StageDeclaration]) -> [StageDeclaration] {
        declarations.enumerated().filter { position, declaration in
            !declarations[(position + 1)...].contains { $0.name == declaration.name }
        }.map(\.element)
    }

    /// A stage with all layers over it: what overlays before the one that declares it anew said of it is gone.
    private static func stage(
        _ declared: StageDeclaration, within files: [PlanFile], _ overlays: [PlanOverlay]
    ) -> Stage {
        var declaration = declared
        let anew = overlays.lastIndex { $0.declarations.contains { $0.name == declared.name } }
        if let anew, let own = overlays[anew].declarations.last(where: { $0.name == declared.name }) {
            declaration = own
        }
        func defaults(_ layers: [KindDefaults]) -> [StageSettings] {
            layers.filter { $0.kind == declaration.kind.text }.map(\.settings)
        }
        var layers = files.flatMap { defaults($0.defaults) }
        if anew == nil { layers.append(declaration.settings) }
        for (position, overlay) in overlays.enumerated() {
            layers += defaults(overlay.defaults)
            if position == anew { layers.append(declaration.settings) }
            for change in overlay.changes where change.name == declared.name && position > anew ?? -1 {
                layers.append(change.settings)
                declaration.inputs =
                    change.inputs.map { declaration.inputs?.overlaid(with: $0) ?? $0 } ?? declaration.inputs
            }
        }
        let settings = layers.reduce(StageSettings()) { $0.overlaid(with: $1) }
        let overlaid = (seed: overlays.last { $0.seed != nil }?.seed, salt: overlays.last { $0.salt != nil }?.salt)
        return Stage(
            declaration: declaration, settings: settings,
            seed: settings.seed ?? overlaid.seed ?? files.lazy.compactMap(\.seed).first,
            salt: settings.salt ?? overlaid.salt ?? files.lazy.compactMap(\.salt).first)
    }

    /// The positions of the file at `position` and of all that include it, directly or not, in order.
    private static func filesAround(_ position: Int, _ files: [PlanFile]) -> [Int] {
        var around: Set<Int> = [position]
        for outer in files.indices where outer > position {
            if files[outer].includes.contains(where: around.contains) { around.insert(outer) }
        }
        return around.sorted()
    }

    private static func sources(_ files: [PlanFile]) throws -> [SourceDeclaration] {
        var sources: [SourceDeclaration] = []
        for source in files.flatMap(\.sources) {
            if let first = sources.first(where: { $0.name == source.name }) {
                throw PipelineError.duplicateName(
                    source.name, what: "source", first: first.location, at: source.location)
            }
            sources.append(source)
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
                // What an overlay adds comes after all that files declare.
                let (first, second) =
                    addedSources.contains(source.name)
                    ? (stage.location, source.location) : (source.location, stage.location)
                throw PipelineError.nameOfSourceAndStage(stage.name, first: first, at: second)
            }
            places[stage.name] = stage.location
        }
        for declaration in overlays.flatMap(\.declarations) {
            if let source = sources.first(where: { $0.name == declaration.name }) {
                throw PipelineError.nameOfSourceAndStage(
                    declaration.name, first: source.location, at: declaration.location)
            }
            places[declaration.name] = places[declaration.name] ?? declaration.location
        }
        for change in overlays.flatMap(\.changes) where places[change.name] == nil {
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
