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

    /// How its name ends.
    static let suffix = ".tmp"
    private static let serial = Atomic<Int>(0)

    /// Creates an empty file in `folder`, which must lie on the file system of the target.
    init(in folder: String) throws {
        while true {
            let serial = Self.serial.add(1, ordering: .relaxed).newValue
            let path = "\(folder)/\(getpid())-\(serial)\(Self.suffix)"
            let descriptor: Int32
            do {
                descriptor = try FileSystem.create(path, flags: O_EXCL)
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
        for name in try Folder.names(in: folder) where name.hasSuffix(suffix) {
            let path = folder + "/" + name
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }  // Gone meanwhile.
            defer { close(descriptor) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try Folder.removeFile(path) }
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try FileSystem.write(bytes, to: openDescriptor(), path)
        count += bytes.count
    }

    func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

    /// Makes the content durable and read-only, then gives it the name `target` unless that is taken.
    /// - Returns: whether the name was free. Where it was not, the file is still there, to be given up or put in
    ///   place with `replace(_:)`.
    func link(to target: String) throws -> Bool {
        try seal()
        do {
            try FileSystem.link(path, to: target)
        } catch ArtifactError.system(_, _, EEXIST) {
            return false
        }
        discard()
        try FileSystem.synchroniseFolder(Folder.parent(of: target))
        return true
    }

    /// Makes the content durable and read-only, then puts it in the place of whatever `target` is.
    func replace(_ target: String) throws {
        try seal()
        try FileSystem.rename(path, to: target)
        closeDescriptor()
        try FileSystem.synchroniseFolder(Folder.parent(of: target))
    }

    /// Removes the file; harmless after it was committed.
    func discard() {
        guard descriptor != nil else { return }
        // What cannot be removed now is swept later.
        try? FileSystem.remove(path)
        closeDescriptor()
    }

    /// Mode 0444 and `fsync`. A failed `fsync` is never tried again: the kernel may have dropped the very pages.
    private func seal() throws {
        let descriptor = try openDescriptor()
        try FileSystem.protect(descriptor, path)
        try FileSystem.synchronise(descriptor, path)
    }

    private func openDescriptor() throws -> Int32 {
        guard let descriptor else { throw ArtifactError.writerClosed(path: path) }
        return descriptor
    }

    private func closeDescriptor() {
        if let descriptor {
            // As in `FileLock`: a child being started may have a copy.
            flock(descriptor, LOCK_UN)
            close(descriptor)
        }
        descriptor = nil
    }
}
