internal import Artifacts
internal import Foundation

/// Looks up every kind, parameter, port and name of a draft.
struct PlanLinker {
    let registry: StageRegistry
    let draft: PlanDraft

    func link(file: String, name: String?) throws -> PipelinePlan {
        try checkDefaults()
        let sources = try draft.sources.map(source)
        let definitions = try draft.stages.map(definition)
        let resolver = InputResolver(
            stages: zip(draft.stages, definitions).map { ($0.declaration.name, $1.outputs) }, sources: sources)
        var stages: [PlannedStage] = []
        var places: [[InputPlace]] = []
        for (stage, definition) in zip(draft.stages, definitions) {
            let resolved = try resolver.connections(of: stage.declaration, definition)
            places.append(resolved.flatMap(\.places))
            stages.append(try planned(stage, definition, resolved.map(\.connection)))
        }
        try checkAddedSources(places.flatMap { $0.map(\.origin) })
        return PipelinePlan(
            name: name ?? URL(filePath: file).deletingPathExtension().lastPathComponent, file: file, stages: stages,
            sources: sources, graph: try graph(of: stages, places: places))
    }

    private func graph(of stages: [PlannedStage], places: [[InputPlace]]) throws -> StageGraph {
        do {
            return try StageGraph(
                names: stages.map(\.name),
                dependencies: stages.map { stage in
                    stage.connections.flatMap(\.origins).compactMap {
                        if case .output(let name, _) = $0 { name } else { nil }
                    }
                })
        } catch let cycle as StageGraph.Cycle {
            // Shown where the first stage of the path names the second.
            let position = stages.firstIndex { $0.name == cycle.path[0] } ?? 0
            let place = places[position].first {
                if case .output(cycle.path[1], _) = $0.origin { true } else { false }
            }
            throw PipelineError.cycle(cycle.path, at: place?.location ?? stages[position].location)
        }
    }

    // MARK: Stages

    private func definition(of stage: PlanDraft.Stage) throws -> StageDefinition {
        let declaration = stage.declaration
        guard let kind = declaration.kind.text else {
            throw PipelineError.wrongType(
                scope: "stage '\(declaration.name)'", what: "stage", expected: "a kind of stage",
                found: declaration.kind.typeName, at: declaration.kind.location)
        }
        guard let definition = registry[StageKind(rawValue: kind)] else {
            let hint = NameHint(for: kind, among: registry.kinds.map(\.rawValue))
            throw PipelineError.unknownKind(
                kind, stage: declaration.name, hint: hint, at: declaration.kind.location)
        }
        return definition
    }

    private func planned(
        _ stage: PlanDraft.Stage, _ definition: StageDefinition, _ connections: [StageConnection]
    ) throws -> PlannedStage {
        let name = stage.declaration.name
        let scope = "stage '\(name)'"
        var reader = ParameterReader(scope: scope, stage: name)
        let parameters = try parameters(
            stage.settings.parameters, of: definition, name: name, reader: &reader,
            place: stage.declaration.location)
        return PlannedStage(
            name: name, definition: definition, connections: connections, parameters: parameters,
            settings: reader.settings,
            execution: try stage.settings.execution.map { try ExecutionSettings($0, stage: name) }
                ?? ExecutionSettings(),
            seed: try stage.seed.map { try seed($0, scope: scope) } ?? 0,
            cache: try stage.settings.cache.map { try CachePolicy($0, stage: name) } ?? CachePolicy(),
            salt: try stage.salt.map { try text($0, "salt", scope: scope) } ?? "",
            location: stage.declaration.location)
    }

    /// The complete parameters, as the stage's own type writes them.
    private func parameters(
        _ node: PlanNode?, of definition: StageDefinition, name: String, reader: inout ParameterReader,
        place: SourceLocation
    ) throws -> JSONValue {
        var parameters = try definition.defaultParameters()
        if let node {
            parameters = try reader.read(node, shape: try definition.parameterShape(), defaults: parameters)
        }
        do {
            return try definition.checked(parameters: parameters)
        } catch ArtifactError.wrongShape(let path, let reason) {
            throw PipelineError.invalidParameters(
                stage: name, reason: "'\(path.dropFirst(2))': \(reason)", at: reader.place(of: path) ?? place)
        } catch {
            guard let (parameter, problem) = (error as? any ParameterObjection)?.objection else {
                throw PipelineError.invalidParameters(stage: name, reason: "\(error)", at: place)
            }
            // Where no file sets the parameter, its default does not go with something else that is set.
            throw PipelineError.invalidParameters(
                stage: name, reason: "'\(parameter)' \(problem)", at: reader.places["$.\(parameter)"] ?? place)
        }
    }

    private func seed(_ node: PlanNode, scope: String) throws -> UInt64 {
        // Canonical JSON has signed 64-bit integers, and the seed is part of keys.
        guard let text = node.text, let seed = Int64(text), seed >= 0 else {
            throw PipelineError.wrongType(
                scope: scope, what: "seed", expected: "a whole number of at least 0", found: node.typeName,
                at: node.location)
        }
        return UInt64(seed)
    }

    private func text(_ node: PlanNode, _ key: String, scope: String) throws -> String {
        guard let text = node.text else {
            throw PipelineError.wrongType(
                scope: scope, what: key, expected: "a text", found: node.typeName, at: node.location)
        }
        return text
    }

    // MARK: Defaults and sources

    /// Finds misspelt kinds and parameters in `defaults` even where no stage of the plan uses them.
    private func checkDefaults() throws {
        for defaults in draft.defaults {
            let scope = "defaults of '\(defaults.kind)'"
            guard let definition = registry[StageKind(rawValue: defaults.kind)] else {
                let hint = NameHint(for: defaults.kind, among: registry.kinds.map(\.rawValue))
                throw PipelineError.unknownKey(
                    defaults.kind, scope: "defaults", hint: hint, at: defaults.location)
            }
            if let node = defaults.settings.parameters {
                var reader = ParameterReader(scope: scope)
                _ = try reader.read(
                    node, shape: try definition.parameterShape(), defaults: try definition.defaultParameters())
            }
            if let node = defaults.settings.execution { _ = try ExecutionSettings(node, stage: defaults.kind) }
        }
    }

    /// Finds a misspelt source of an overlay, which would leave the one that was meant as it is.
    private func checkAddedSources(_ origins: [InputOrigin]) throws {
        for source in draft.sources where draft.addedSources.contains(source.name) {
            let isRead = origins.contains { if case .source(source.name) = $0 { true } else { false } }
            guard isRead else {
                let hint = NameHint(
                    for: source.name, among: draft.sources.map(\.name).filter { !draft.addedSources.contains($0) })
                throw PipelineError.unknownSource(source.name, hint: hint, at: source.location)
            }
        }
    }

    private func source(_ declaration: SourceDeclaration) throws -> PlannedSource {
        let scope = "source '\(declaration.name)'"
        let path = IncludeLoader.join(
            try text(declaration.path, "path", scope: scope), to: declaration.folder)
        var digest: ContentDigest?
        if let node = declaration.sha256, !node.isNull {
            digest = node.text.flatMap { ContentDigest(hex: $0) }
            guard digest != nil else {
                throw PipelineError.wrongType(
                    scope: scope, what: "sha256", expected: "64 hexadecimal digits in lower case",
                    found: node.typeName, at: node.location)
            }
        }
        let kind = FileKind(path: path)
        if kind == .other {
            throw PipelineError.missingSource(
                declaration.name, path: path, reason: FileReason.text(path: path), at: declaration.path.location)
        }
        return PlannedSource(
            name: declaration.name, path: path, sha256: digest, isFolder: kind == .folder,
            location: declaration.path.location)
    }
}
