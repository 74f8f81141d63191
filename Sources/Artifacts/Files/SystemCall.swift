internal import Foundation
internal import Glibc

/// POSIX calls with typed errors. Every one that can be interrupted is repeated.
enum SystemCall {
    /// Runs `call` until it is not interrupted, and throws on -1.
    @discardableResult
    static func check<Result: SignedInteger>(
        _ operation: String, _ path: String, _ call: () -> Result
    ) throws -> Result {
        while true {
            let result = call()
            if result != -1 { return result }
            let code = errno
            if code != EINTR { throw ArtifactError.system(operation: operation, path: path, code: code) }
        }
    }

    static let noSuchFile = ENOENT
    static let noSpace = ENOSPC

    static func text(of code: Int32) -> String { String(cString: strerror(code)).lowercased() }

    /// What the user can do about an error, where there is something to do.
    static func remedy(for code: Int32) -> String {
        switch code {
        case ENOSPC, EDQUOT: "; free some space and run again, finished work is kept"
        case EFBIG: "; raise the file size limit (ulimit -f) and run again"
        case EACCES, EPERM, EROFS: "; check who owns the folder, or name another store with --store"
        case EMFILE, ENFILE: "; raise the limit on open files (ulimit -n) and run again"
        default: ""
        }
    }
}
