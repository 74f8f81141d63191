internal import Glibc

/// A kernel lock on a file, held until `release()`, the end of this value, or the death of the process.
///
/// Two locks conflict even within one process, since each has its own open file.
final class FileLock: Sendable {
    enum Mode: Sendable { case shared, exclusive }

    let path: String
    private let descriptor: Int32
    private let removesFile: Bool

    /// Takes the lock, or returns nil where another holds it. Never waits.
    /// - Parameter removesFile: whether the file goes when the lock does; only for exclusive locks.
    init?(path: String, mode: Mode, removesFile: Bool = false) throws {
        while true {
            let descriptor = try FileSystem.create(path)
            do {
                try SystemCall.check("lock", path) {
                    flock(descriptor, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB)
                }
                // The last holder may have removed the name between our open and our lock.
                if try FileStatus(path: path)?.inode == FileStatus(descriptor: descriptor, path: path).inode {
                    self.path = path
                    self.descriptor = descriptor
                    self.removesFile = removesFile && mode == .exclusive
                    return
                }
                close(descriptor)
            } catch ArtifactError.system(_, _, EWOULDBLOCK) {
                close(descriptor)
                return nil
            } catch {
                close(descriptor)
                throw error
            }
        }
    }

    /// Overwrites the content of the lock file, which tells others who holds it.
    func describe(_ text: String) throws {
        try FileSystem.truncate(descriptor, path)
        try Array(text.utf8).withUnsafeBytes { try FileSystem.write($0, to: descriptor, path) }
    }

    deinit {
        // The name goes first, while the lock still keeps others from it.
        if removesFile { try? FileSystem.remove(path) }
        // A child process that is just being started has a copy of the descriptor until its own program is loaded, and
        // with it the lock: closing ours would not end it.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
