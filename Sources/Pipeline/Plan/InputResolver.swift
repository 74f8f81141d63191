/// A connected input and where the file says so.
struct InputPlace {
    var origin: InputOrigin
    var location: SourceLocation
}

/// Finds what the `inputs` of stages name, and checks that it fits the port.
struct InputResolver {
    private let stages: [String: [Port]]
    private let sources: [String: String]

    struct Resolved {
        var connection: StageConnection
        var places: [InputPlace]
    }

    /// - Parameter stages: names and output ports.
    init(stages: [(name: String, outputs: [Port])], sources: [PlannedSource]) {
        self.stages = Dictionary(stages.map { ($0.name, $0.outputs) }) { first, _ in first }
        self.sources = Dictionary(sources.map { ($0.name, $0.schema) }) { first, _ in first }
    }

    /// The connections of a stage, in the order of its ports.
    func connections(of stage: StageDeclaration, _ definition: StageDefinition) throws -> [Resolved] {
        let table = try stage.inputs.map {
            try TableReader($0, scope: "inputs of stage '\(stage.name)'", allowed: definition.inputs.map(\.name))
        }
        return try definition.inputs.compactMap { port in
            guard let node = table?[port.name], !node.isNull else {
                if port.isOptional { return nil }
                throw PipelineError.missingInput(
                    port.name, stage: stage.name, schema: port.schema,
                    at: stage.inputs?.location ?? stage.location)
            }
            let places = try places(node, port: port, stage: stage.name)
            return Resolved(connection: StageConnection(port: port, origins: places.map(\.origin)), places: places)
        }
    }

    private func places(_ node: PlanNode, port: Port, stage: String) throws -> [InputPlace] {
        guard case .list(let elements) = node.content else { return [try place(node, port: port, stage: stage)] }
        guard port.acceptsMany else {
            throw PipelineError.listNotAccepted(port: port.name, stage: stage, at: node.location)
        }
        guard !elements.isEmpty else {
            throw PipelineError.emptyList(port: port.name, stage: stage, at: node.location)
        }
        // A part parameter that is a list itself may stand in a list.
        return try elements.flatMap { try places($0, port: port, stage: stage) }
    }

    private func place(_ node: PlanNode, port: Port, stage: String) throws -> InputPlace {
        guard case .scalar(let scalar) = node.content, !node.isNull else {
            throw PipelineError.wrongType(
                scope: "stage '\(stage)'", what: port.name, expected: "the name of a stage or source",
                found: node.typeName, at: node.location)
        }
        let (origin, schema) = try resolve(scalar, port: port, stage: stage, at: node.location)
        guard port.accepts(schema: schema) else {
            throw PipelineError.schemaMismatch(
                port: port.name, stage: stage, wants: port.schema, source: "\(origin)", holds: schema,
                at: node.location)
        }
        return InputPlace(origin: origin, location: node.location)
    }

    /// A name is a source, a stage, or `stage.output`; where a stage has several outputs and is named alone, the one
    /// that fits the port. A part's own names come first, then those of the file that includes it, outwards.
    private func resolve(
        _ scalar: PlanNode.Scalar, port: Port, stage: String, at location: SourceLocation
    ) throws -> (InputOrigin, schema: String) {
        for scope in Self.scopes(of: scalar) {
            let name = scope + scalar.text
            if let schema = sources[name] { return (.source(name), schema) }
            if let outputs = stages[name] {
                try requireNoOutput(named: name, as: scalar.text, at: location)
                let fitting = outputs.count == 1 ? outputs : outputs.filter { port.accepts(schema: $0.schema) }
                guard fitting.count == 1 else {
                    let names = outputs.map { "\(scalar.text).\($0.name)" }
                    throw PipelineError.portNotNamed(stage: scalar.text, hint: .known(names), at: location)
                }
                return (.output(stage: name, port: fitting[0].name), fitting[0].schema)
            }
            if let point = name.lastIndex(of: "."), let outputs = stages[String(name[..<point])] {
                let output = String(name[name.index(after: point)...])
                guard let found = outputs.first(where: { $0.name == output }) else {
                    throw PipelineError.unknownPort(
                        output, stage: String(name[..<point]),
                        hint: NameHint(for: output, among: outputs.map(\.name)), at: location)
                }
                return (.output(stage: String(name[..<point]), port: output), found.schema)
            }
        }
        throw PipelineError.unknownInput(
            scalar.text, stage: stage, port: port.name, hint: hint(for: scalar), at: location)
    }

    /// A stage `a.b` beside a stage `a` with an output `b`: which of them is meant cannot be told.
    private func requireNoOutput(named name: String, as text: String, at location: SourceLocation) throws {
        guard let point = name.lastIndex(of: ".") else { return }
        let stage = String(name[..<point]), output = String(name[name.index(after: point)...])
        if stages[stage]?.contains(where: { $0.name == output }) == true {
            throw PipelineError.ambiguousInput(text, stage: stage, output: output, at: location)
        }
    }

    /// The prefixes under which a text may name something, innermost first: `a.b.`, `a.`, and none.
    private static func scopes(of scalar: PlanNode.Scalar) -> [String] {
        let parts = scalar.prefix.split(separator: ".")
        return (0...parts.count).reversed().map { count in parts.prefix(count).map { "\($0)." }.joined() }
    }

    /// The nearest visible name: with the port where the text has one, else without.
    private func hint(for scalar: PlanNode.Scalar) -> NameHint {
        let scopes = Self.scopes(of: scalar)
        func visible(_ names: some Sequence<String>) -> [String] {
            names.map { name in
                let scope = scopes.first { name.hasPrefix($0) } ?? ""
                return String(name.dropFirst(scope.count))
            }
        }
        let names = visible(Array(stages.keys) + sources.keys)
        if case .didYouMean(let name) = NameHint(for: scalar.text, among: names) { return .didYouMean(name) }
        let outputs = visible(stages.flatMap { name, outputs in outputs.map { "\(name).\($0.name)" } })
        if case .didYouMean(let name) = NameHint(for: scalar.text, among: outputs) { return .didYouMean(name) }
        return .known(names.sorted())
    }
}
