/// Reads the keys of one table of a pipeline file and refuses those it does not know.
struct TableReader {
    /// Whose keys they are, for error messages: `stage 'pair'`.
    let scope: String
    let node: PlanNode
    let entries: [PlanNode.Entry]

    /// - Parameter allowed: the keys that may appear; nil where any may.
    init(_ node: PlanNode, scope: String, allowed: [String]?) throws {
        guard case .table(let entries) = node.content else {
            throw PipelineError.wrongType(
                scope: scope, what: "value", expected: "a table of keys and values", found: node.typeName,
                at: node.location)
        }
        if let allowed, let unknown = entries.first(where: { !allowed.contains($0.key) }) {
            throw PipelineError.unknownKey(
                unknown.key, scope: scope, hint: NameHint(for: unknown.key, among: allowed), at: unknown.keyLocation)
        }
        self.scope = scope
        self.node = node
        self.entries = entries
    }

    subscript(key: String) -> PlanNode? { entries.first { $0.key == key }?.value }

    func required(_ key: String) throws -> PlanNode {
        guard let value = self[key] else {
            throw PipelineError.missingKey(key, scope: scope, at: node.location)
        }
        return value
    }

    /// The text of `key`, or nil where the key is absent or empty.
    func text(_ key: String) throws -> String? {
        guard let value = self[key], !value.isNull else { return nil }
        return try text(of: value, key)
    }

    func requiredText(_ key: String) throws -> String { try text(of: try required(key), key) }

    private func text(of value: PlanNode, _ key: String) throws -> String {
        guard case .scalar(let scalar) = value.content, !value.isNull else { throw wrongType(value, key, "a text") }
        return scalar.text
    }

    /// The whole number of `key`, from `minimum` to `maximum`, or nil where the key is absent or empty.
    func integer(_ key: String, minimum: Int, maximum: Int = .max) throws -> Int? {
        guard let value = self[key], !value.isNull else { return nil }
        guard case .scalar(let scalar) = value.content, let number = Int(scalar.text), number >= minimum else {
            throw wrongType(value, key, "a whole number of at least \(minimum)")
        }
        guard number <= maximum else { throw wrongType(value, key, "a whole number of at most \(maximum)") }
        return number
    }

    func flag(_ key: String) throws -> Bool? {
        guard let value = self[key], !value.isNull else { return nil }
        guard case .scalar(let scalar) = value.content, let flag = Bool(scalar.text) else {
            throw wrongType(value, key, "true or false")
        }
        return flag
    }

    func wrongType(_ value: PlanNode, _ key: String, _ expected: String) -> PipelineError {
        .wrongType(scope: scope, what: key, expected: expected, found: value.typeName, at: value.location)
    }
}
