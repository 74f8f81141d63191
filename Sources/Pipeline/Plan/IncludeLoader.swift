internal import Foundation

/// Reads a pipeline file and all it includes, parts as often as they are named, others once.
package struct IncludeLoader {
    static let maximumFiles = 256

    /// Included files stand before those that include them.
    private(set) var files: [PlanFile] = []
    /// Where a file that is included plainly already stands, by path and prefix.
    private var loaded: [String: Int] = [:]
    /// The files being read, outermost first: a file among them that is included again closes a circle.
    private var open: [(path: String, file: String)] = []
    private var count = 0

    /// The files that the one at `path` consists of; it is the last of them.
    static func load(path: String) throws -> [PlanFile] {
        var loader = IncludeLoader()
        _ = try loader.load(file: path, prefix: "", given: [], isPart: false, from: nil)
        return loader.files
    }

    /// - Parameters:
    ///   - file: the path as error messages show it, relative to the working folder or absolute.
    ///   - isPart: included with `as` or `with`, and so read anew each time.
    private mutating func load(
        file: String, prefix: String, given: [PlanNode.Entry], isPart: Bool, from location: SourceLocation?
    ) throws -> Int {
        let path = URL(filePath: file).standardizedFileURL.path
        let identity = prefix + "\u{0}" + path
        if !isPart, let position = loaded[identity] { return position }
        if let start = open.firstIndex(where: { $0.path == path }), let location {
            throw PipelineError.includeCycle(open[start...].map(\.file) + [file], at: location)
        }
        count += 1
        if count > Self.maximumFiles, let location {
            throw PipelineError.tooManyIncludes(limit: Self.maximumFiles, at: location)
        }
        open.append((path, file))
        defer { open.removeLast() }

        let root = try YAMLReader.read(SourceText.read(path: path, file: file, from: location))
        // Each text remembers the prefix of where it was written, through all substitutions.
        let named = root.withoutHiddenEntries.replacingScalars { scalar, location in
            var scalar = scalar
            scalar.prefix = prefix
            return PlanNode(content: .scalar(scalar), location: location)
        }
        let table = try TableReader(named, scope: "the file", allowed: PlanFile.keys)
        let parameters = try PartParameters(
            declared: table["parameters"], given: given, file: file, include: location)
        let body = try Self.body(of: table, parameters: parameters)
        let includes = try include(body["include"], of: file, prefix: prefix)
        var result = try Self.planFile(body, file: file, prefix: prefix)
        result.includes = includes
        files.append(result)
        if !isPart { loaded[identity] = files.count - 1 }
        return files.count - 1
    }

    /// The file's table with part parameters filled in.
    private static func body(of table: TableReader, parameters: PartParameters) throws -> TableReader {
        let entries = try table.entries.filter { $0.key != "parameters" }.map {
            PlanNode.Entry(
                key: $0.key, keyLocation: $0.keyLocation, value: try parameters.substituted(in: $0.value))
        }
        return try TableReader(
            PlanNode(content: .table(entries), location: table.node.location), scope: "the file", allowed: nil)
    }

    private mutating func include(_ node: PlanNode?, of file: String, prefix: String) throws -> [Int] {
        guard let node, !node.isNull else { return [] }
        guard case .list(let elements) = node.content else {
            throw PipelineError.wrongType(
                scope: "the file", what: "include", expected: "a list of files", found: node.typeName,
                at: node.location)
        }
        let folder = (file as NSString).deletingLastPathComponent
        return try elements.map { element in
            if case .scalar(let scalar) = element.content {
                return try load(
                    file: Self.join(scalar.text, to: folder), prefix: prefix, given: [], isPart: false,
                    from: element.location)
            }
            let table = try TableReader(element, scope: "include", allowed: ["file", "as", "with"])
            let name = try table.text("as")
            if let name, let place = table["as"]?.location { try PlanName.check(name, what: "part", at: place) }
            let given = try table["with"].map { try TableReader($0, scope: "with", allowed: nil).entries } ?? []
            return try load(
                file: Self.join(try table.requiredText("file"), to: folder),
                prefix: prefix + (name.map { "\($0)." } ?? ""), given: given,
                isPart: name != nil || !given.isEmpty, from: element.location)
        }
    }

    /// `path`, seen from where `folder` is seen; an empty `folder` is the working folder.
    package static func join(_ path: String, to folder: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        return folder.isEmpty ? path : ((folder as NSString).appendingPathComponent(path) as NSString).simplified
    }

    private static func planFile(_ table: TableReader, file: String, prefix: String) throws -> PlanFile {
        let folder = (file as NSString).deletingLastPathComponent
        return PlanFile(
            file: file, prefix: prefix, name: try table.text("pipeline"),
            seed: table["seed"].flatMap { $0.isNull ? nil : $0 },
            salt: table["salt"].flatMap { $0.isNull ? nil : $0 },
            sources: try entries(table["sources"], scope: "sources").map {
                try PlanName.check($0.key, what: "source", at: $0.keyLocation)
                return try SourceDeclaration($0, prefix: prefix, folder: folder)
            },
            stages: try entries(table["stages"], scope: "stages").map {
                try PlanName.check($0.key, what: "stage", at: $0.keyLocation)
                return try StageDeclaration($0, prefix: prefix)
            },
            defaults: try entries(table["defaults"], scope: "defaults").map(KindDefaults.init))
    }

    private static func entries(_ node: PlanNode?, scope: String) throws -> [PlanNode.Entry] {
        guard let node, !node.isNull else { return [] }
        return try TableReader(node, scope: scope, allowed: nil).entries
    }
}

extension NSString {
    /// The path without `.` and `x/..`; a leading `..` stays, unlike with `standardizingPath`.
    fileprivate var simplified: String {
        var parts: [String] = []
        for part in (self as String).split(separator: "/", omittingEmptySubsequences: true).map(String.init) {
            if part == "." { continue }
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        return (hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
}

/// The rule for names of stages, sources and parts.
enum PlanName {
    /// - Throws: `PipelineError.invalidName` unless `name` is words of letters, digits, `-` and `_`, joined by points.
    static func check(_ name: String, what: String, at location: SourceLocation) throws {
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        let isValid = words.allSatisfy { word in
            !word.isEmpty
                && word.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
        }
        guard isValid else { throw PipelineError.invalidName(name, what: what, at: location) }
    }
}
