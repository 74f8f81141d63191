internal import Glibc

/// The door through which the store changes files and reads them.
///
/// Each function is one call of the system and throws `ArtifactError.system`. In tests an observer sees the calls go
/// by, or makes them fail; without one it costs a look at a variable of the task.
package enum FileSystem {
    /// Sees the steps of the current task and of its child tasks.
    @TaskLocal package static var observer: (any FileObserver)?

    private static var current: (any FileObserver)? { observer ?? FailpointPlan.ofEnvironment }

    // MARK: Files

    /// Opens `path` for writing at its end, making the file where there is none.
    /// - Parameter flags: further flags of `open`, such as `O_EXCL`.
    static func create(_ path: String, flags: Int32 = 0) throws -> Int32 {
        try perform(.create(path)) { Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0o644) }
    }

    /// Appends all of `bytes`, in one call where the system allows it.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws {
        var rest = bytes
        while !rest.isEmpty {
            let written = try writeOnce(rest, to: descriptor, path)
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    private static func writeOnce(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String
    ) throws -> Int {
        let observer = current
        var count = bytes.count
        if let observer {
            let step = FileStep.write(path, bytes: Array(bytes))
            switch observer.fault(before: step) {
            case .error(let code): throw ArtifactError.system(operation: step.verb, path: path, code: code)
            case .short(let limit): count = max(1, min(limit, count))
            case nil: break
            }
        }
        let written = try SystemCall.check("write", path) { Glibc.write(descriptor, bytes.baseAddress, count) }
        observer?.done(.write(path, bytes: Array(bytes.prefix(written))))
        return written
    }

    /// Empties the file.
    static func truncate(_ descriptor: Int32, _ path: String) throws {
        try perform(.truncate(path)) { ftruncate(descriptor, 0) }
    }

    /// Mode 0444.
    static func protect(_ descriptor: Int32, _ path: String) throws {
        try perform(.protect(path)) { fchmod(descriptor, 0o444) }
    }

    /// Makes the content durable. It is never tried again, not even when interrupted: the kernel may have dropped the
    /// very pages.
    static func synchronise(_ descriptor: Int32, _ path: String) throws {
        try observed(.synchronise(path)) {
            guard fsync(descriptor) == 0 else {
                throw ArtifactError.system(operation: "synchronise", path: path, code: errno)
            }
        }
    }

    // MARK: Names

    /// Gives the file `path` a second name.
    /// - Throws: with `EEXIST` where `target` is taken.
    static func link(_ path: String, to target: String) throws {
        try perform(.link(path, to: target)) { Glibc.link(path, target) }
    }

    /// Moves `path` into the place of whatever `target` is.
    static func rename(_ path: String, to target: String) throws {
        try perform(.rename(path, to: target)) { Glibc.rename(path, target) }
    }

    /// Removes the name of a file.
    static func remove(_ path: String) throws { try perform(.remove(path)) { unlink(path) } }

    /// Makes a folder in an existing one.
    /// - Throws: with `EEXIST` where the name is taken.
    static func createFolder(_ path: String) throws { try perform(.createFolder(path)) { mkdir(path, 0o777) } }

    /// Removes an empty folder.
    static func removeFolder(_ path: String) throws { try perform(.removeFolder(path)) { rmdir(path) } }

    /// Makes the names in the folder durable.
    static func synchroniseFolder(_ path: String) throws {
        try perform(.synchroniseFolder(path)) { () -> Int32 in
            let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { return -1 }
            defer {
                let code = errno
                close(descriptor)
                errno = code
            }
            return fsync(descriptor)
        }
    }

    // MARK: Reading

    static func open(_ path: String) throws -> Int32 {
        try perform(.open(path)) { Glibc.open(path, O_RDONLY | O_CLOEXEC) }
    }

    /// Reads at `offset` up to as many bytes as `buffer` holds.
    /// - Returns: how many; none at the end of the file.
    static func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int, from descriptor: Int32, _ path: String
    ) throws -> Int {
        try perform(.read(path)) { pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)) }
    }

    // MARK: Steps

    /// Runs `body`, a transaction of the database at `path`.
    static func transaction<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        try observed(.transaction(path), body)
    }

    /// Tells observers that the work has come to a named moment.
    static func reach(_ moment: Failpoint) { current?.done(.moment(moment)) }

    @discardableResult
    private static func perform<Result: SignedInteger>(_ step: FileStep, _ call: () -> Result) throws -> Result {
        try observed(step) { try SystemCall.check(step.verb, step.path, call) }
    }

    private static func observed<Result>(_ step: FileStep, _ body: () throws -> Result) throws -> Result {
        guard let observer = current else { return try body() }
        if case .error(let code) = observer.fault(before: step) {
            throw ArtifactError.system(operation: step.verb, path: step.path, code: code)
        }
        let result = try body()
        observer.done(step)
        return result
    }
}
