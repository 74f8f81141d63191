internal import Glibc

/// A file that grows line by line, such as a log of events.
final class AppendedFile: Sendable {
    let path: String
    private let descriptor: Int32

    init(path: String) throws {
        self.path = path
        descriptor = try FileSystem.create(path)
    }

    deinit {
        PresenceLock.release(descriptor)
        close(descriptor)
    }

    /// Lets others see that this process is alive, until it has closed the file; see `PresenceLock`.
    func markAlive() throws { try PresenceLock.take(descriptor, path) }

    /// Appends `bytes`, in one call where the system allows it, so that readers see whole lines.
    func append(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try FileSystem.write($0, to: descriptor, path) }
    }

    func synchronise() throws { try FileSystem.synchronise(descriptor, path) }
}
