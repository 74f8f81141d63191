package import Foundation

/// A file's bytes, read-only and in place: pages come from disk when they are touched.
package final class MappedFile: Sendable {
    /// The file's last path component, for messages.
    package let name: String
    package let count: Int
    /// Nil only for an empty file, which cannot be mapped.
    // SAFETY: the mapping is private and read-only, and lives as long as this object.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer?

    /// - Throws: `ModelError.file` when the file is missing, unreadable, or not a plain file.
    package init(_ url: URL) throws(ModelError) {
        name = url.lastPathComponent
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .file(name: url.path, problem: "cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .file(name: url.path, problem: "is not a plain file")
        }
        count = Int(status.st_size)
        if count == 0 {
            base = nil
        } else {
            guard let mapped = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), mapped != MAP_FAILED else {
                throw .file(name: url.path, problem: "cannot be mapped: \(String(cString: strerror(errno)))")
            }
            base = mapped
        }
    }

    deinit {
        if let base { munmap(base, count) }
    }

    /// Calls `body` with the bytes of `range`.
    ///
    /// - Precondition: `range` lies in the file.
    package func withBytes<Result>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "MappedFile: \(range) outside 0..<\(count)")
        return try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(start: base, count: count)[range]))
    }

    /// The bytes of `range`, copied.
    package func bytes(_ range: Range<Int>) -> [UInt8] { withBytes(range) { Array($0) } }
}
