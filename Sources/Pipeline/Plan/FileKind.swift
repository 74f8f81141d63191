internal import Foundation

/// What lies at a path, links followed.
enum FileKind {
    case file, folder
    /// A device, a pipe or a socket: its content is not the same each time, and may have no end.
    case other

    /// Nil where nothing can be found.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .folder
        default: self = .other
        }
    }
}
