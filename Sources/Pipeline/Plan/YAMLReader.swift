internal import Yams

/// Turns the text of a pipeline file into nodes, with a place for each.
struct YAMLReader {
    /// Far more than a pipeline needs; stops a file whose aliases multiply.
    static let maximumNodes = 100_000
    static let maximumDepth = 64

    private let source: SourceText
    private var count = 0

    private init(source: SourceText) {
        self.source = source
    }

    /// - Throws: `PipelineError` for text that is not YAML, an empty file, a key twice, or a tree too large.
    static func read(_ source: SourceText) throws -> PlanNode {
        let root: Node?
        do {
            root = try Yams.compose(yaml: source.text)
        } catch let error as YamlError {
            throw error.located(in: source)
        }
        guard let root else { throw PipelineError.emptyFile(source.file) }
        var reader = YAMLReader(source: source)
        return try reader.convert(root, depth: 0)
    }

    private mutating func convert(_ node: Node, depth: Int) throws -> PlanNode {
        count += 1
        let location = place(of: node)
        guard count <= Self.maximumNodes else {
            throw PipelineError.tooManyNodes(limit: Self.maximumNodes, at: location)
        }
        guard depth <= Self.maximumDepth else {
            throw PipelineError.nestedTooDeeply(limit: Self.maximumDepth, at: location)
        }
        switch node {
        case .scalar(let scalar):
            let content = PlanNode.Scalar(text: scalar.string, isPlain: scalar.style == .plain)
            return PlanNode(content: .scalar(content), location: location)
        case .sequence(let sequence):
            var elements: [PlanNode] = []
            for element in sequence { elements.append(try convert(element, depth: depth + 1)) }
            return PlanNode(content: .list(elements), location: location)
        case .mapping(let mapping):
            return PlanNode(content: .table(try entries(of: mapping, depth: depth)), location: location)
        case .alias:
            // Yams resolves aliases while it composes; none is left.
            throw PipelineError.malformedYAML("an alias that leads nowhere", at: location)
        }
    }

    private mutating func entries(of mapping: Node.Mapping, depth: Int) throws -> [PlanNode.Entry] {
        var entries: [PlanNode.Entry] = []
        var merged: [PlanNode] = []
        for (key, value) in mapping {
            let keyLocation = place(of: key)
            guard case .scalar(let name) = key else {
                throw PipelineError.malformedYAML("a key that is not a plain word", at: keyLocation)
            }
            let node = try convert(value, depth: depth + 1)
            if name.string == "<<", name.style == .plain {
                merged += try tables(toMerge: node)
                continue
            }
            if let first = entries.first(where: { $0.key == name.string }) {
                throw PipelineError.duplicateKey(name.string, first: first.keyLocation.line, at: keyLocation)
            }
            entries.append(PlanNode.Entry(key: name.string, keyLocation: keyLocation, value: node))
        }
        // `<<` adds what the table does not say itself; of several tables the first one wins.
        for case .table(let additions) in merged.map(\.content) {
            entries += additions.filter { addition in !entries.contains { $0.key == addition.key } }
        }
        return entries
    }

    private func tables(toMerge node: PlanNode) throws -> [PlanNode] {
        switch node.content {
        case .table: return [node]
        case .list(let elements): return try elements.flatMap { try tables(toMerge: $0) }
        case .scalar: throw PipelineError.malformedYAML("'<<' takes an alias of a table", at: node.location)
        }
    }

    private func place(of node: Node) -> SourceLocation {
        guard let mark = node.mark else { return source.location(line: 1, column: 1) }
        var length = 1
        if case .scalar(let scalar) = node {
            let quotes = scalar.style == .singleQuoted || scalar.style == .doubleQuoted ? 2 : 0
            length = scalar.string.unicodeScalars.count + quotes
        }
        return source.location(line: mark.line, column: mark.column, length: length)
    }
}

extension YamlError {
    /// The error in our words and with the line, where Yams knows it.
    fileprivate func located(in source: SourceText) -> PipelineError {
        switch self {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let text = context.map { "\($0.text): \(problem)" } ?? problem
            return .malformedYAML(text, at: source.location(line: mark.line, column: mark.column))
        case .reader(let problem, let offset, _, _):
            let line = source.text.prefix(offset ?? 0).count { $0.isNewline } + 1
            return .malformedYAML(problem, at: source.location(line: line, column: 1))
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.first ?? ""
            let at = source.locationOfRepeatedKey(key, firstLine: context.mark.line, column: context.mark.column)
            return .duplicateKey(key, first: context.mark.line, at: at)
        default:
            return .malformedYAML("\(self)", at: source.location(line: 1, column: 1))
        }
    }
}
