internal import Artifacts

/// Reads the `params` of a stage by the types that the stage's own defaults have, never by what the text looks like.
struct ParameterReader {
    /// Whose parameters they are, for error messages: `stage 'pair'`.
    let scope: String
    /// The stage; nil for the defaults of a kind.
    private let stage: String?
    /// What a stage has beside its parameters, and what is often looked for among them.
    private static let besideParameters: Set<String> = ["cache", "salt", "seed"]
    /// Where each parameter that a file sets stands: by path as `CanonicalJSON.decode` writes it, `$.judges[2].name`.
    private(set) var places: [String: SourceLocation] = [:]

    init(scope: String, stage: String? = nil) {
        self.scope = scope
        self.stage = stage
    }

    /// `defaults` with `node` laid over them.
    mutating func read(_ node: PlanNode, shape: JSONShape, defaults: JSONValue) throws -> JSONValue {
        try read(node, shape: shape, defaults: defaults, path: "$")
    }

    /// The parameters that were set, without the tables and lists around them.
    var settings: [ParameterSetting] {
        places.keys.sorted().filter { path in
            path != "$" && !places.keys.contains { $0.hasPrefix(path + ".") || $0.hasPrefix(path + "[") }
        }.compactMap { path in
            places[path].map { ParameterSetting(path: String(path.dropFirst(2)), location: $0) }
        }
    }

    /// The place of the parameter at `path`, or of the nearest one around it.
    func place(of path: String) -> SourceLocation? {
        var path = path[...]
        while true {
            if let place = places[String(path)] { return place }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = path[..<end]
        }
    }

    private mutating func read(
        _ node: PlanNode, shape: JSONShape, defaults: JSONValue?, path: String
    ) throws -> JSONValue {
        places[path] = node.location
        switch shape {
        case .optional(let wrapped):
            if node.isNull { return .null }
            return try read(node, shape: wrapped, defaults: defaults == .null ? nil : defaults, path: path)
        case .object(let members):
            return try object(node, members: members, defaults: defaults, path: path)
        case .map(let element):
            guard case .table(let entries) = node.content else { throw wrongType(node, path, shape) }
            var result: [String: JSONValue] = [:]
            for entry in entries {
                let inner = "\(path).\(entry.key)"
                result[entry.key] = try read(entry.value, shape: element ?? .any, defaults: nil, path: inner)
            }
            return .object(result)
        case .array(let element):
            guard case .list(let nodes) = node.content else { throw wrongType(node, path, shape) }
            var result: [JSONValue] = []
            for (index, inner) in nodes.enumerated() {
                result.append(try read(inner, shape: element ?? .any, defaults: nil, path: "\(path)[\(index)]"))
            }
            return .array(result)
        case .any:
            return try anything(node, path: path)
        case .bool, .integer, .number, .string:
            guard case .scalar(let scalar) = node.content, let value = Self.scalar(scalar, shape) else {
                throw wrongType(node, path, shape)
            }
            return value
        }
    }

    private mutating func object(
        _ node: PlanNode, members: [String: JSONShape], defaults: JSONValue?, path: String
    ) throws -> JSONValue {
        guard case .table(let entries) = node.content else { throw wrongType(node, path, .object(members)) }
        var result = defaults?.objectValue ?? [:]
        for entry in entries {
            guard let shape = members[entry.key] else {
                if path == "$", let stage, Self.besideParameters.contains(entry.key) {
                    throw PipelineError.noParameter(entry.key, stage: stage, at: entry.keyLocation)
                }
                let isExecution = path == "$" && ExecutionSettings.keys.contains(entry.key)
                let hint =
                    isExecution
                    ? NameHint.didYouMean("\(stage.map { $0 + "." } ?? "")exec.\(entry.key)")
                    : NameHint(for: entry.key, among: members.keys)
                throw PipelineError.unknownKey(entry.key, scope: scope, hint: hint, at: entry.keyLocation)
            }
            let inner = "\(path).\(entry.key)"
            result[entry.key] = try read(entry.value, shape: shape, defaults: defaults?[entry.key], path: inner)
            // Values know their own place, but a missing or wrong one is best shown at its key.
            if entry.value.isNull { places[inner] = entry.keyLocation }
        }
        return .object(result)
    }

    /// A value whose type nobody declared, by the rules of YAML 1.2's core schema.
    private mutating func anything(_ node: PlanNode, path: String) throws -> JSONValue {
        switch node.content {
        case .scalar where node.isNull:
            return .null
        case .scalar(let scalar):
            guard scalar.isPlain else { return .string(scalar.text) }
            let typed = [JSONShape.bool, .integer, .number].lazy.compactMap { Self.scalar(scalar, $0) }.first
            return typed ?? .string(scalar.text)
        case .list:
            return try read(node, shape: .array(.any), defaults: nil, path: path)
        case .table:
            return try read(node, shape: .map(.any), defaults: nil, path: path)
        }
    }

    private static func scalar(_ scalar: PlanNode.Scalar, _ shape: JSONShape) -> JSONValue? {
        switch shape {
        case .bool: Bool(scalar.text).map(JSONValue.bool)
        case .integer: Int64(scalar.text).map(JSONValue.integer)
        case .number: finite(scalar.text).map(JSONValue.number)
        // An empty value is more likely forgotten than meant; '' says that it is meant.
        case .string: scalar.isPlain && scalar.text.isEmpty ? nil : .string(scalar.text)
        default: nil
        }
    }

    /// A decimal number; `Double` alone would take `nan`, `inf` and hexadecimal as well.
    private static func finite(_ text: String) -> Double? {
        let decimal = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                true
            default: false
            }
        }
        guard decimal, let number = Double(text), number.isFinite else { return nil }
        return number
    }

    private func wrongType(_ node: PlanNode, _ path: String, _ shape: JSONShape) -> PipelineError {
        .wrongType(
            scope: scope, what: String(path.dropFirst(path.hasPrefix("$.") ? 2 : 0)), expected: shape.name,
            found: node.typeName, at: node.location)
    }
}
