internal import Glibc

/// Folders made and synchronised so that what is in them survives a power cut.
enum Folder {
    /// Makes `path` and the folders above it, each made durable in its parent.
    static func create(_ path: String) throws {
        do {
            try FileSystem.createFolder(path)
        } catch ArtifactError.system(_, _, EEXIST) {
            // Whoever made it may have died before it was durable.
        } catch ArtifactError.system(_, _, ENOENT) where path != parent(of: path) {
            try create(parent(of: path))
            return try create(path)
        }
        try FileSystem.synchroniseFolder(parent(of: path))
    }

    /// Makes the folder `path` in an existing one; false where the name is taken.
    static func createNew(_ path: String) throws -> Bool {
        do {
            try FileSystem.createFolder(path)
            return true
        } catch ArtifactError.system(_, _, EEXIST) {
            return false
        }
    }

    /// Whether `path` is a folder, and no link to one.
    static func isFolder(_ path: String) throws -> Bool {
        var status = stat()
        do {
            try SystemCall.check("examine", path) { lstat(path, &status) }
        } catch ArtifactError.system(_, _, ENOENT) {
            return false
        }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    /// Makes a file that is there already durable and read-only, as those of a store are.
    static func synchronise(file path: String) throws {
        let descriptor = try FileSystem.open(path)
        defer { close(descriptor) }
        try FileSystem.protect(descriptor, path)
        try FileSystem.synchronise(descriptor, path)
    }

    /// The names in the folder, sorted; none where there is no folder or it is a file.
    static func names(in path: String) throws -> [String] {
        guard let folder = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw ArtifactError.system(operation: "list", path: path, code: errno)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes the file, if there is one.
    static func removeFile(_ path: String) throws {
        do {
            try FileSystem.remove(path)
        } catch ArtifactError.system(_, _, ENOENT) {
            return
        }
    }

    /// Gives the file a second name, durably; false where the file system cannot.
    static func link(_ path: String, to target: String) throws -> Bool {
        do { try FileSystem.link(path, to: target) } catch ArtifactError.system(_, _, EEXIST) {
            // Somebody was faster.
        } catch ArtifactError.system { return false }
        try FileSystem.synchroniseFolder(parent(of: target))
        return true
    }

    /// Gives the file another name, durably; a file that has the name is replaced.
    static func move(_ path: String, to target: String) throws {
        try FileSystem.rename(path, to: target)
        try FileSystem.synchroniseFolder(parent(of: target))
        try FileSystem.synchroniseFolder(parent(of: path))
    }

    /// Removes the folder and all that is in it, if there is one.
    static func removeTree(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else { return try removeFile(path) }
        for name in try names(in: path) { try removeTree(path + "/" + name) }
        try FileSystem.removeFolder(path)
    }

    /// Bytes of all files in the folder and below it; of the file, where it is one.
    static func size(_ path: String) throws -> Int {
        var status = stat()
        guard lstat(path, &status) == 0 else { return 0 }
        guard status.st_mode & S_IFMT == S_IFDIR else { return Int(status.st_size) }
        return try names(in: path).reduce(0) { try $0 + size("\(path)/\($1)") }
    }

    static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
