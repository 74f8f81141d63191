internal import Glibc
internal import Synchronization

/// A file under construction, which gets its real name only when it is complete and on the disk.
///
/// Its writer holds a kernel lock on it, so that a file without one was left by a process that died and can be swept.
/// It is removed when it is given up or forgotten. Used from one task.
final class TemporaryFile {
    let path: String
    /// Bytes written so far.
    private(set) var count = 0
    /// Nil once the file is committed or given up.
    private var descriptor: Int32?

    private static let serial = Atomic<Int>(0)

    /// Creates an empty file in `folder`, which must lie on the file system of the target.
    init(in folder: String) throws {
        while true {
            let serial = Self.serial.add(1, ordering: .relaxed).newValue
            let path = "\(folder)/\(getpid())-\(serial).tmp"
            let descriptor: Int32
            do {
                descriptor = try SystemCall.check("create", path) {
                    open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
                }
            } catch ArtifactError.system(_, _, EEXIST) {
                continue  // Left by a dead process that had our number.
            }
            // Between creation and lock a sweeper may take the file for a dead one's; then it has no name any more.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0,
                let status = try? FileStatus(descriptor: descriptor, path: path), status.links > 0
            {
                self.path = path
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
    }

    deinit { discard() }

    /// Removes the files in `folder` that no living process is writing.
    static func sweep(_ folder: String) throws {
        for name in try Folder.names(in: folder) where name.hasSuffix(".tmp") {
            let path = folder + "/" + name
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }  // Gone meanwhile.
            defer { close(descriptor) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try Folder.removeFile(path) }
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        let descriptor = try openDescriptor()
        try Failpoint.reach(.write, path: path)
        var rest = bytes
        while !rest.isEmpty {
            let written = try SystemCall.check("write", path) {
                Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            count += written
        }
    }

    func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

    /// Makes the content durable and read-only, then gives it the name `target` unless that is taken.
    /// - Returns: whether the name was free. Where it was not, the file is still there, to be given up or put in
    ///   place with `replace(_:)`.
    func link(to target: String) throws -> Bool {
        try seal()
        guard Glibc.link(path, target) == 0 else {
            if errno == EEXIST { return false }
            throw ArtifactError.system(operation: "link", path: target, code: errno)
        }
        Failpoint.reach(.linked)
        discard()
        try Folder.synchronise(Folder.parent(of: target))
        return true
    }

    /// Makes the content durable and read-only, then puts it in the place of whatever `target` is.
    func replace(_ target: String) throws {
        try seal()
        try SystemCall.check("replace", target) { rename(path, target) }
        closeDescriptor()
        try Folder.synchronise(Folder.parent(of: target))
    }

    /// Removes the file; harmless after it was committed.
    func discard() {
        guard descriptor != nil else { return }
        unlink(path)
        closeDescriptor()
    }

    /// Mode 0444 and `fsync`. A failed `fsync` is never tried again: the kernel may have dropped the very pages.
    private func seal() throws {
        let descriptor = try openDescriptor()
        Failpoint.reach(.written)
        try SystemCall.check("protect", path) { fchmod(descriptor, 0o444) }
        try Failpoint.reach(.synchronise, path: path)
        guard fsync(descriptor) == 0 else {
            throw ArtifactError.system(operation: "synchronise", path: path, code: errno)
        }
        Failpoint.reach(.synchronised)
    }

    private func openDescriptor() throws -> Int32 {
        guard let descriptor else { throw ArtifactError.writerClosed(path: path) }
        return descriptor
    }

    private func closeDescriptor() {
        if let descriptor { close(descriptor) }
        descriptor = nil
    }
}
