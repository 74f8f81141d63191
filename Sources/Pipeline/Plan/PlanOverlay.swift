internal import Foundation

/// Changes to a plan from a file named with `-f`, or from one `--set`.
struct PlanOverlay: Sendable {
    static let keys = ["profile", "seed", "salt", "sources", "stages", "defaults"]

    var seed: PlanNode?
    var salt: PlanNode?
    var sources: [SourceDeclaration] = []
    /// Stages that it declares itself, new ones or in place of the pipeline's.
    var declarations: [StageDeclaration] = []
    var changes: [StageChange] = []
    var defaults: [KindDefaults] = []

    /// What an overlay changes of a stage that stands elsewhere.
    struct StageChange: Sendable {
        static let keys = ["inputs"] + StageSettings.keys

        var name: String
        var location: SourceLocation
        /// Port by port; null disconnects one.
        var inputs: PlanNode?
        var settings: StageSettings

        init(_ entry: PlanNode.Entry) throws {
            let table = try TableReader(entry.value, scope: "stage '\(entry.key)'", allowed: Self.keys)
            name = entry.key
            location = entry.keyLocation
            inputs = table["inputs"].flatMap { $0.isNull ? nil : $0 }
            settings = StageSettings(table)
        }

        init(name: String, location: SourceLocation, settings: StageSettings) {
            self.name = name
            self.location = location
            self.settings = settings
        }
    }

    /// Reads an overlay file. `profile` is a name for people. A stage that says its kind is declared, any other changed.
    init(file: String) throws {
        let root = try YAMLReader.read(SourceText.read(path: file, file: file, from: nil))
        let table = try TableReader(
            root.withoutHiddenEntries, scope: "the overlay", allowed: Self.keys)
        let folder = (file as NSString).deletingLastPathComponent
        func entries(_ key: String) throws -> [PlanNode.Entry] {
            guard let node = table[key], !node.isNull else { return [] }
            return try TableReader(node, scope: key, allowed: nil).entries
        }
        seed = table["seed"].flatMap { $0.isNull ? nil : $0 }
        salt = table["salt"].flatMap { $0.isNull ? nil : $0 }
        sources = try entries("sources").map {
            try PlanName.check($0.key, what: "source", at: $0.keyLocation)
            return try SourceDeclaration($0, prefix: "", folder: folder)
        }
        for entry in try entries("stages") {
            if case .table(let keys) = entry.value.content, keys.contains(where: { $0.key == "stage" }) {
                try PlanName.check(entry.key, what: "stage", at: entry.keyLocation)
                declarations.append(try StageDeclaration(entry, prefix: ""))
            } else {
                changes.append(try StageChange(entry))
            }
        }
        defaults = try entries("defaults").map(KindDefaults.init)
    }

    /// Reads `seed=7` or `stage.parameter=value`; of several stages that fit, the one with the longest name is meant.
    /// `stage.exec.threads=2` sets how it runs. A value in brackets, braces or quotes is read as YAML.
    init(setting text: String, stages names: some Collection<String>) throws {
        let source = SourceText(file: "--set", text: text)
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw PipelineError.malformedSetting(text, at: source.location(line: 1, column: 1))
        }
        let path = String(text[..<equals])
        let value = try Self.value(String(text[text.index(after: equals)...]), after: path, in: source)
        if path == "seed" {
            seed = value
            return
        }
        let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let lengths = (1..<max(parts.count, 1)).reversed()
        guard let length = lengths.first(where: { names.contains(parts[..<$0].joined(separator: ".")) }) else {
            let named = parts.count > 1 ? parts.dropLast().joined(separator: ".") : path
            let at = source.location(line: 1, column: 1, length: named.count)
            if parts.count == 1 { throw PipelineError.malformedSetting(text, at: at) }
            throw PipelineError.unknownStage(named, hint: NameHint(for: named, among: names), at: at)
        }
        let name = parts[..<length].joined(separator: ".")
        let keys = Array(parts[length...])
        let isExecution = keys.count > 1 && keys[0] == "exec"
        let tree = Self.tree(
            isExecution ? Array(keys.dropFirst()) : keys, value: value, in: source,
            column: name.count + 2 + (isExecution ? 5 : 0))
        changes = [
            StageChange(
                name: name, location: source.location(line: 1, column: 1, length: name.count),
                settings: isExecution ? StageSettings(execution: tree) : StageSettings(parameters: tree))
        ]
    }

    /// `a.b` and a value as a table in a table.
    private static func tree(_ keys: [String], value: PlanNode, in source: SourceText, column: Int) -> PlanNode {
        guard let key = keys.first else { return value }
        let location = source.location(line: 1, column: column, length: key.count)
        let inner = tree(Array(keys.dropFirst()), value: value, in: source, column: column + key.count + 1)
        return PlanNode(content: .table([.init(key: key, keyLocation: location, value: inner)]), location: location)
    }

    private static func value(_ text: String, after path: String, in source: SourceText) throws -> PlanNode {
        let location = source.location(line: 1, column: path.count + 2, length: text.count)
        if let first = text.first, "[{'\"".contains(first) {
            let node = try YAMLReader.read(SourceText(file: source.file, text: text))
            return PlanNode(content: node.content, location: location)
        }
        return PlanNode(content: .scalar(PlanNode.Scalar(text: text, isPlain: true)), location: location)
    }
}
