internal import Glibc

/// An open file that is read by position, so that readers of one file do not disturb each other.
final class ReadableFile: Sendable {
    let path: String
    let size: Int
    /// As it was when the file was opened.
    let version: FileVersion
    private let descriptor: Int32

    init(path: String) throws {
        self.path = path
        descriptor = try FileSystem.open(path)
        do {
            let status = try FileStatus(descriptor: descriptor, path: path)
            size = status.size
            version = status.version
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// Fills `buffer` from `offset`.
    /// - Throws: `ArtifactError.damagedFile` where the file ends first.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = try FileSystem.read(into: rest, at: offset + filled, from: descriptor, path)
            guard count > 0 else { throw ArtifactError.damagedFile(path: path, reason: "it ends early") }
            filled += count
        }
    }

    func read(_ count: Int, at offset: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { try read(into: $0, at: offset) }
        return bytes
    }

    /// Hands the file over in pieces of up to 1 MiB, to its end as it is now; it may have grown since it was opened.
    func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var offset = 0
        while true {
            let count = try FileSystem.read(into: buffer, at: offset, from: descriptor, path)
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += count
        }
    }

    /// The SHA-256 of the whole file.
    func digest() throws -> ContentDigest {
        var stream = DigestStream()
        try forEachPiece { stream.update($0) }
        return stream.finalize()
    }

    /// The content of a small file.
    static func contents(of path: String) throws -> [UInt8] {
        let file = try ReadableFile(path: path)
        return try file.read(file.size, at: 0)
    }
}

/// What tells one content of a file from another without reading it: a file that is replaced gets another inode, one
/// that is written to another time.
struct FileVersion: Equatable, Sendable {
    let device: UInt64
    let inode: UInt64
    let size: Int
    /// When the content last changed.
    let seconds: Int
    let nanoseconds: Int
}

/// Size and identity of a file.
struct FileStatus: Equatable {
    let version: FileVersion
    let links: Int

    var size: Int { version.size }
    var inode: UInt64 { version.inode }

    init(descriptor: Int32, path: String) throws {
        var status = stat()
        try SystemCall.check("examine", path) { fstat(descriptor, &status) }
        self.init(status)
    }

    /// Nil where there is no such file.
    init?(path: String) throws {
        var status = stat()
        do {
            try SystemCall.check("examine", path) { stat(path, &status) }
        } catch ArtifactError.system(_, _, ENOENT) {
            return nil
        } catch ArtifactError.system(_, _, ENOTDIR) {
            return nil
        }
        self.init(status)
    }

    private init(_ status: stat) {
        version = FileVersion(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int(status.st_size),
            seconds: Int(status.st_mtim.tv_sec), nanoseconds: Int(status.st_mtim.tv_nsec))
        links = Int(status.st_nlink)
    }
}
