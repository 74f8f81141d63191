import Artifacts

/// A disk that loses in a power cut what was not made durable.
///
/// What a file held at its last `fsync` is safe, and so are the names that a folder held at its own. What came later may
/// be there, be missing or, for the bytes of a file, be torn: each change of a name by itself, in no order. Only a rename
/// within one folder is one change. So the disk promises less than any journaling file system does.
struct VolatileDisk {
    private struct File {
        var durable = FileContent([])
        var current = FileContent([])
    }

    private struct Folder {
        var durable: [String: Int] = [:]
        var current: [String: Int] = [:]
        /// Changes since the last `fsync`.
        var pending: [Change] = []
    }

    /// A change of one name or, by a rename within a folder, of two.
    private struct Change {
        var number: Int
        var names: [(name: String, node: Int?)]
    }

    private enum Node {
        case file(File)
        case folder(Folder)
    }

    private static let root = 0
    private var nodes: [Node] = [.folder(Folder())]
    private var changes = 0

    /// A disk that holds `tree` durably.
    init(_ tree: FileTree) {
        for (path, entry) in tree.entries.sorted(by: { $0.key < $1.key }) {
            switch entry {
            case .folder: add(.folder(Folder()), at: path)
            case .file(let content): add(.file(File(durable: content, current: content)), at: path)
            }
        }
        for id in nodes.indices { synchroniseFolder(id) }
    }

    // MARK: Changes

    mutating func apply(_ event: Trace.Event) {
        switch event {
        case .step(let step): apply(step)
        case .transaction(let path, let bytes): commit(path, FileContent(bytes))
        case .promise: break
        }
    }

    private mutating func apply(_ step: FileStep) {
        switch step {
        case .create(let path): if find(path) == nil { add(.file(File()), at: path) }
        case .write(let path, let bytes): edit(path) { $0.current = FileContent($0.current.bytes + bytes) }
        case .truncate(let path): edit(path) { $0.current = FileContent([]) }
        case .synchronise(let path): edit(path) { $0.durable = $0.current }
        case .link(let path, let target): name(target, find(path))
        case .rename(let path, let target):
            let node = find(path)
            if Folders.parent(of: path) == Folders.parent(of: target) {
                change(Folders.parent(of: path), [(Folders.name(of: path), nil), (Folders.name(of: target), node)])
            } else {
                name(target, node)
                name(path, nil)
            }
        case .remove(let path), .removeFolder(let path): name(path, nil)
        case .createFolder(let path): add(.folder(Folder()), at: path)
        case .synchroniseFolder(let path): if let id = find(path) { synchroniseFolder(id) }
        case .protect, .transaction, .open, .read, .moment: break
        }
    }

    /// SQLite makes its file durable, name and all.
    private mutating func commit(_ path: String, _ content: FileContent) {
        edit(path) { $0 = File(durable: content, current: content) }
        guard let id = find(path), let parent = find(Folders.parent(of: path)),
            case .folder(var folder) = nodes[parent]
        else { return }
        let name = Folders.name(of: path)
        folder.durable[name] = id
        folder.pending.removeAll { $0.names.contains { $0.name == name } }
        nodes[parent] = .folder(folder)
    }

    private mutating func add(_ node: Node, at path: String) {
        nodes.append(node)
        name(path, nodes.count - 1)
    }

    private mutating func name(_ path: String, _ node: Int?) {
        change(Folders.parent(of: path), [(Folders.name(of: path), node)])
    }

    private mutating func change(_ path: String, _ names: [(name: String, node: Int?)]) {
        guard let id = find(path), case .folder(var folder) = nodes[id] else { return }
        folder.pending.append(Change(number: changes, names: names))
        changes += 1
        for (name, node) in names { folder.current[name] = node }
        nodes[id] = .folder(folder)
    }

    private mutating func edit(_ path: String, _ body: (inout File) -> Void) {
        guard let id = find(path), case .file(var file) = nodes[id] else { return }
        body(&file)
        nodes[id] = .file(file)
    }

    private mutating func synchroniseFolder(_ id: Int) {
        guard case .folder(var folder) = nodes[id] else { return }
        folder.durable = folder.current
        folder.pending = []
        nodes[id] = .folder(folder)
    }

    private func find(_ path: String) -> Int? {
        var id = Self.root
        for name in path.split(separator: "/") {
            guard case .folder(let folder) = nodes[id], let next = folder.current[String(name)] else { return nil }
            id = next
        }
        return id
    }

    // MARK: What a crash leaves

    /// What may have become of the bytes that are not durable.
    enum Loss: CaseIterable { case nothing, all, torn, zeroed }

    /// The changes of names that are not durable, by number, oldest first.
    var pendingChanges: [Int] {
        nodes.flatMap { node in if case .folder(let folder) = node { folder.pending.map(\.number) } else { [Int]() } }
            .sorted()
    }

    var hasPendingBytes: Bool {
        nodes.contains { if case .file(let file) = $0 { file.durable != file.current } else { false } }
    }

    /// What is there after the death of a process: everything.
    var current: FileTree { tree(losing: [], bytes: .nothing) }

    func content(of path: String) -> FileContent? {
        guard let id = find(path), case .file(let file) = nodes[id] else { return nil }
        return file.current
    }

    /// What is there after a power cut.
    /// - Parameters:
    ///   - lost: the pending changes that did not reach the disk.
    ///   - loss: what became of bytes that are not durable.
    func tree(losing lost: Set<Int>, bytes loss: Loss) -> FileTree {
        var tree = FileTree()
        func walk(_ folder: Folder, _ path: String) {
            var names = folder.durable
            for change in folder.pending where !lost.contains(change.number) {
                for (name, node) in change.names { names[name] = node }
            }
            for (name, child) in names {
                let path = path.isEmpty ? name : path + "/" + name
                switch nodes[child] {
                case .file(let file): tree.entries[path] = .file(Self.content(of: file, after: loss))
                case .folder(let folder):
                    tree.entries[path] = .folder
                    walk(folder, path)
                }
            }
        }
        if case .folder(let root) = nodes[Self.root] { walk(root, "") }
        return tree
    }

    private static func content(of file: File, after loss: Loss) -> FileContent {
        if file.durable == file.current { return file.current }
        let bytes = file.current.bytes
        let safe = min(file.durable.bytes.count, bytes.count)
        switch loss {
        case .nothing: return file.current
        case .all: return file.durable
        case .torn: return FileContent(Array(bytes[..<(safe + (bytes.count - safe) / 2)]))
        case .zeroed: return FileContent(bytes[..<safe] + [UInt8](repeating: 0, count: bytes.count - safe))
        }
    }
}
