internal import Glibc

/// A mark on an open file that says: the process that writes this is alive.
///
/// It is a lock of the open file (`F_OFD_SETLK`), which the kernel drops with the process, however that ends. Others ask
/// for it with `F_OFD_GETLK`, which takes nothing and so can keep nobody from anything; `flock` has no such question.
enum PresenceLock {
    // Linux's numbers; the C library shows them to GNU programs only.
    private static let query: Int32 = 36
    private static let set: Int32 = 37

    /// Marks the open file, until `release`.
    /// - Throws: `ArtifactError.system` where another has marked it, or the file system knows no locks.
    static func take(_ descriptor: Int32, _ path: String) throws {
        var request = request(F_WRLCK)
        try SystemCall.check("lock", path) { fcntl(descriptor, set, &request) }
    }

    /// Takes the mark away, also from the copy of the descriptor that a child process being started may have.
    static func release(_ descriptor: Int32) {
        var request = request(F_UNLCK)
        _ = fcntl(descriptor, set, &request)
    }

    /// Whether a living process has marked the file at `path`; no for a file that is not there or cannot be read.
    static func isTaken(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var request = request(F_RDLCK)
        return fcntl(descriptor, query, &request) == 0 && request.l_type != Int16(F_UNLCK)
    }

    /// About the whole file.
    private static func request(_ type: Int32) -> flock {
        var request = flock()
        request.l_type = Int16(type)
        request.l_whence = Int16(SEEK_SET)
        return request
    }
}
