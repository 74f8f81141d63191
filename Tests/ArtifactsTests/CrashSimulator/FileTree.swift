import Foundation

/// Files and folders by their relative paths.
struct FileTree: Sendable {
    enum Entry: Sendable, Hashable {
        case folder
        case file(FileContent)
    }

    var entries: [String: Entry] = [:]

    init() {}

    /// By the calls of the system, here and below: Foundation's would take most of the time of the test.
    /// - Parameter parts: the folders to read; without any, all.
    init(readFrom folder: URL, parts: [String] = [""]) throws {
        for part in parts { try read(part, in: folder.path) }
    }

    private mutating func read(_ path: String, in root: String) throws {
        guard let folder = opendir(root + "/" + path) else { throw CocoaError(.fileReadUnknown) }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            // SQLite's journal is empty after every transaction.
            if name == "." || name == ".." || name.hasSuffix("-journal") { continue }
            let child = path.isEmpty ? name : path + "/" + name
            if entry.pointee.d_type == DT_DIR {
                entries[child] = .folder
                try read(child, in: root)
            } else {
                entries[child] = .file(try FileContent(readFrom: root + "/" + child))
            }
        }
    }

    /// Makes `folder` with these files and folders, hands it to `body`, and removes it.
    func materialise<Result>(in folder: URL, _ body: (URL) throws -> Result) throws -> Result {
        guard mkdir(folder.path, 0o755) == 0 else { throw CocoaError(.fileWriteUnknown) }
        defer { Self.remove(folder.path) }
        for (path, entry) in entries.sorted(by: { $0.key < $1.key }) {
            let path = folder.path + "/" + path
            switch entry {
            case .folder: guard mkdir(path, 0o755) == 0 else { throw CocoaError(.fileWriteUnknown) }
            case .file(let content):
                let descriptor = creat(path, 0o644)
                defer { close(descriptor) }
                guard write(descriptor, content.bytes, content.bytes.count) == content.bytes.count else {
                    throw CocoaError(.fileWriteUnknown)
                }
            }
        }
        return try body(folder)
    }

    private static func remove(_ path: String) {
        guard let folder = opendir(path) else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            if entry.pointee.d_type == DT_DIR { remove(path + "/" + name) } else { unlink(path + "/" + name) }
        }
        rmdir(path)
    }

    /// Equal for trees that differ only in the names of temporary files. A sum, since entries have no order.
    var fingerprint: Int {
        entries.reduce(into: 0) { sum, each in
            var hasher = Hasher()
            hasher.combine(each.key.hasSuffix(".tmp") ? Folders.parent(of: each.key) + "/.tmp" : each.key)
            hasher.combine(each.value)
            sum &+= hasher.finalize()
        }
    }

    /// The files below `folder`, by path.
    func files(below folder: String) -> [String: FileContent] {
        entries.reduce(into: [:]) { files, entry in
            if case .file(let content) = entry.value, entry.key.hasPrefix(folder + "/") { files[entry.key] = content }
        }
    }
}

/// Bytes that are hashed once.
struct FileContent: Sendable, Hashable {
    let bytes: [UInt8]
    private let hash: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var hasher = Hasher()
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        hash = hasher.finalize()
    }

    init(readFrom path: String) throws {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        guard size >= 0 else { throw CocoaError(.fileReadUnknown) }
        self.init(
            [UInt8](unsafeUninitializedCapacity: size) { $1 = max(0, pread(descriptor, $0.baseAddress, size, 0)) })
    }

    static func == (first: FileContent, second: FileContent) -> Bool {
        first.hash == second.hash && first.bytes == second.bytes
    }

    func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

enum Folders {
    static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }
}
