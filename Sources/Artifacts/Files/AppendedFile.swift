internal import Glibc

/// A file that grows line by line, such as a log of events.
final class AppendedFile: Sendable {
    let path: String
    private let descriptor: Int32

    init(path: String) throws {
        self.path = path
        descriptor = try SystemCall.check("create", path) {
            open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        }
    }

    deinit { close(descriptor) }

    /// Appends `bytes`, in one call where the system allows it, so that readers see whole lines.
    func append(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = try SystemCall.check("write", path) {
                rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(written)
        }
    }

    func synchronise() throws {
        try SystemCall.check("synchronise", path) { fsync(descriptor) }
    }
}
