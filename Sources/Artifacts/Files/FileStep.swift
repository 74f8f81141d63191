/// One thing that the store does to its files, with all that is needed to do it again elsewhere.
package enum FileStep: Sendable, Equatable {
    /// A file is opened for writing, and made where there is none.
    case create(String)
    /// Bytes go to the end of a file.
    case write(String, bytes: [UInt8])
    case truncate(String)
    /// A file becomes read-only.
    case protect(String)
    /// `fsync` of a file.
    case synchronise(String)
    case link(String, to: String)
    case rename(String, to: String)
    case remove(String)
    case createFolder(String)
    case removeFolder(String)
    /// `fsync` of a folder: the names in it become durable.
    case synchroniseFolder(String)
    /// One transaction of the database, which SQLite makes durable or undoes.
    case transaction(String)
    /// A file is opened for reading.
    case open(String)
    case read(String)
    /// Not a call of the system, but a named moment between two.
    case moment(Failpoint)

    /// What an error says could not be done.
    package var verb: String {
        switch self {
        case .create: "create"
        case .write, .truncate, .transaction: "write"
        case .protect: "protect"
        case .synchronise: "synchronise"
        case .link: "link"
        case .rename: "replace"
        case .remove: "remove"
        case .createFolder: "create folder"
        case .removeFolder: "remove folder"
        case .synchroniseFolder: "synchronise folder"
        case .open: "open"
        case .read: "read"
        case .moment: "pass"
        }
    }

    /// The file or folder that it is about: of a link and a rename the new name.
    package var path: String {
        switch self {
        case .create(let path), .write(let path, _), .truncate(let path), .protect(let path), .synchronise(let path),
            .link(_, let path), .rename(_, let path), .remove(let path), .createFolder(let path),
            .removeFolder(let path), .synchroniseFolder(let path), .transaction(let path), .open(let path),
            .read(let path):
            path
        case .moment(let failpoint): failpoint.rawValue
        }
    }
}

/// Sees every step before and after it is done, and can make it fail.
package protocol FileObserver: Sendable {
    /// Called before `step`. What it returns happens in place of the step; nil lets the step be done.
    func fault(before step: FileStep) -> FileFault?
    /// Called after `step` was done without an error.
    func done(_ step: FileStep)
}

/// What can go wrong with a step.
package enum FileFault: Sendable, Equatable {
    /// It fails with this `errno`, having done nothing.
    case error(Int32)
    /// A write takes only the first bytes, at least one; the rest must be offered again. Other steps are done.
    case short(Int)
}
