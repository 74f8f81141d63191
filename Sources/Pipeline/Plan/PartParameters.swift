/// The values that an including file gives to a part (`with:`), and their place in the part's text as `${name}`.
///
/// `${name}` alone is the whole value, be it a list or a table; inside a text it is joined in. `$${` writes `${`.
struct PartParameters {
    private let values: [String: PlanNode]

    /// The values for a file that declares `parameters`, a list of names or of `name: default`.
    /// - Parameters:
    ///   - declared: the file's `parameters`, if it has any.
    ///   - given: the entries of `with`.
    ///   - include: the place that includes the file; nil for the file the user named.
    init(
        declared: PlanNode?, given: [PlanNode.Entry], file: String, include: SourceLocation?
    ) throws {
        let declarations = try declared.map(Self.declarations) ?? []
        let names = declarations.map(\.name)
        if let unknown = given.first(where: { !names.contains($0.key) }) {
            throw PipelineError.unknownPartParameter(
                unknown.key, hint: NameHint(for: unknown.key, among: names), at: unknown.keyLocation)
        }
        var values: [String: PlanNode] = [:]
        for declaration in declarations {
            let value = given.first { $0.key == declaration.name }?.value ?? declaration.fallback
            guard let value else {
                throw PipelineError.missingPartParameter(
                    declaration.name, file: file, at: include ?? declaration.location)
            }
            values[declaration.name] = value
        }
        self.values = values
    }

    private struct Declaration {
        var name: String
        var fallback: PlanNode?
        var location: SourceLocation
    }

    private static func declarations(_ node: PlanNode) throws -> [Declaration] {
        guard case .list(let elements) = node.content else {
            throw PipelineError.wrongType(
                scope: "the file", what: "parameters", expected: "a list of names, or of 'name: default'",
                found: node.typeName, at: node.location)
        }
        return try elements.flatMap { element -> [Declaration] in
            switch element.content {
            case .scalar(let scalar):
                return [Declaration(name: scalar.text, fallback: nil, location: element.location)]
            case .table(let entries):
                return entries.map { Declaration(name: $0.key, fallback: $0.value, location: $0.keyLocation) }
            case .list:
                throw PipelineError.wrongType(
                    scope: "the file", what: "parameters", expected: "a list of names, or of 'name: default'",
                    found: "a list in a list", at: element.location)
            }
        }
    }

    /// `node` with every `${name}` replaced.
    func substituted(in node: PlanNode) throws -> PlanNode {
        try node.replacingScalars { scalar, location in
            guard scalar.text.contains("${") else { return PlanNode(content: .scalar(scalar), location: location) }
            return try substituted(scalar, at: location)
        }
    }

    private func substituted(_ scalar: PlanNode.Scalar, at location: SourceLocation) throws -> PlanNode {
        var text = ""
        var prefix = scalar.prefix
        var isPlain = scalar.isPlain
        var rest = scalar.text[...]
        while let dollar = rest.firstRange(of: "${") {
            text += rest[..<dollar.lowerBound]
            if text.hasSuffix("$") {
                text += "{"
                rest = rest[dollar.upperBound...]
                continue
            }
            guard let end = rest[dollar.upperBound...].firstIndex(of: "}") else {
                throw PipelineError.malformedReference(scalar.text, reason: "'${' without '}'", at: location)
            }
            let name = String(rest[dollar.upperBound..<end])
            let value = try value(of: name, at: location)
            rest = rest[rest.index(after: end)...]
            if text.isEmpty, rest.isEmpty { return value }
            guard case .scalar(let inner) = value.content else {
                throw PipelineError.notPartOfText(parameter: name, found: value.typeName, at: location)
            }
            // A text that begins with a value names what is visible where that value was written.
            if text.isEmpty { prefix = inner.prefix }
            text += inner.text
            isPlain = isPlain && inner.isPlain
        }
        text += rest
        let joined = PlanNode.Scalar(text: text, isPlain: isPlain, prefix: prefix)
        return PlanNode(content: .scalar(joined), location: location)
    }

    private func value(of name: String, at location: SourceLocation) throws -> PlanNode {
        guard let value = values[name] else {
            throw PipelineError.unknownPartParameter(
                name, hint: NameHint(for: name, among: values.keys), at: location)
        }
        return value
    }
}
