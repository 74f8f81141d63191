public import Foundation

/// Files and folders outside of a store that get their names only when they are whole and on the disk.
public enum WholeFile {
    /// Makes `target` of what `write` puts at the place that it is given, which lies beside it.
    ///
    /// A program that dies on the way leaves a hidden file of another name, and nothing under the final one.
    /// - Parameter write: makes a file, or a folder of files, at that place.
    /// - Throws: `ArtifactError.system`, where there is a `target` already too, unless it is an empty folder and a folder
    ///   was made; whatever `write` throws.
    public static func make(_ target: URL, _ write: (URL) throws -> Void) throws {
        let path = StoreLayout(folder: target.absoluteURL.standardizedFileURL).root
        let parent = Folder.parent(of: path)
        if try FileStatus(path: parent) == nil { try Folder.create(parent) }
        let unfinished = "\(parent)/.\(Folder.name(of: path)).\(getpid())\(TemporaryFile.suffix)"
        // Of a dead process that had our number.
        try Folder.removeTree(unfinished)
        defer { try? Folder.removeTree(unfinished) }
        try write(URL(filePath: unfinished))
        if try Folder.isFolder(unfinished) {
            try synchronise(folder: unfinished)
            try placeFolder(unfinished, at: path)
        } else {
            try synchronise(file: unfinished)
            try placeFile(unfinished, at: path)
        }
        try FileSystem.synchroniseFolder(parent)
    }

    /// By `link`, which replaces nothing; by `rename` on a file system that has no links.
    private static func placeFile(_ unfinished: String, at path: String) throws {
        do {
            try FileSystem.link(unfinished, to: path)
        } catch ArtifactError.system(_, _, let code) where [EPERM, ENOTSUP, ENOSYS].contains(code) {
            guard try FileStatus(path: path) == nil else {
                throw ArtifactError.system(operation: "create", path: path, code: EEXIST)
            }
            try FileSystem.rename(unfinished, to: path)
        }
    }

    /// By `rename`, which replaces an empty folder. One that is a mount gets the files one by one.
    private static func placeFolder(_ unfinished: String, at path: String) throws {
        do {
            try FileSystem.rename(unfinished, to: path)
        } catch ArtifactError.system(_, _, EBUSY) {
            for name in try Folder.names(in: unfinished) {
                let file = try TemporaryFile(in: path)
                try ReadableFile(path: "\(unfinished)/\(name)").forEachPiece(file.write)
                try file.replace("\(path)/\(name)")
            }
        }
    }

    private static func synchronise(file path: String) throws {
        let descriptor = try FileSystem.open(path)
        defer { close(descriptor) }
        try FileSystem.synchronise(descriptor, path)
    }

    private static func synchronise(folder path: String) throws {
        for name in try Folder.names(in: path) {
            let item = "\(path)/\(name)"
            if try Folder.isFolder(item) { try synchronise(folder: item) } else { try synchronise(file: item) }
        }
        try FileSystem.synchroniseFolder(path)
    }
}
